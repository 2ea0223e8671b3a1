internal import FoundationEssentials
package import IncrementalBias
package import Observability
internal import ServiceLifecycle

/// Tells systemd in a line what goes on, for `systemctl status`, and when the daemon begins to stop.
package struct StatusService: Service {
    package let socket: NotifySocket
    package let corpus: Corpus
    package let spoolStatus: SpoolStatus
    package let changes: ChangeSignal
    package let moreTime: TimeExtension

    /// Makes the value from its parts.
    package init(
        socket: NotifySocket, corpus: Corpus, spoolStatus: SpoolStatus, changes: ChangeSignal, moreTime: TimeExtension
    ) {
        self.socket = socket
        self.corpus = corpus
        self.spoolStatus = spoolStatus
        self.changes = changes
        self.moreTime = moreTime
    }

    /// The shortest time between two lines: a busy spool would else tell of each commit.
    private static let pause = Duration.milliseconds(500)

    /// Tells until the daemon stops.
    package func run() async throws {
        for await _ in changes.stream.cancelOnGracefulShutdown() {
            // The same line again as well: the watchdog may have told another one meanwhile.
            if let line = line() { socket.tell("STATUS=\(line)") }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.pause) }
        }
        socket.tell("STOPPING=1", "STATUS=Stopping: what is under way is finished or undone.")
        // It goes on while the other services stop, until the process ends.
        Task { await moreTime.run() }
    }

    /// `5,000 images, 8,000 references, generation 4; 3 shards wait`.
    private func line() -> String? {
        guard let state = try? corpus.state() else { return nil }
        let backlog = spoolStatus.backlog
        let waiting =
            backlog == 0 ? "no shard waits" : backlog == 1 ? "1 shard waits" : "\(grouped(backlog)) shards wait"
        return "\(grouped(state.images.count)) images, \(grouped(state.references.count)) references, "
            + "generation \(grouped(Int(state.generation))); \(waiting)"
    }

    /// A number with commas between its thousands.
    private func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return String(
            digits.enumerated().flatMap { index, digit in
                index > 0 && (digits.count - index) % 3 == 0 ? [",", digit] : [digit]
            })
    }
}
