package import IncrementalBias
package import Observability
internal import ServiceLifecycle

/// Sends systemd the status line when something has changed, and reports that the daemon begins to stop.
package struct StatusService: Service {
    private let socket: NotifySocket
    private let corpus: Corpus
    private let spoolStatus: SpoolStatus
    private let changes: ChangeSignal
    private let timeExtension: TimeExtension

    /// - Parameters:
    ///   - socket: the way to systemd.
    ///   - corpus: the corpus, whose rows and generation the line has.
    ///   - spoolStatus: the state of the spool, whose backlog the line has.
    ///   - changes: signals that the line must be sent.
    ///   - timeExtension: asks for more time while the other services stop.
    package init(
        socket: NotifySocket, corpus: Corpus, spoolStatus: SpoolStatus, changes: ChangeSignal,
        timeExtension: TimeExtension
    ) {
        self.socket = socket
        self.corpus = corpus
        self.spoolStatus = spoolStatus
        self.changes = changes
        self.timeExtension = timeExtension
    }

    /// The minimum time between two lines: a busy spool would otherwise cause one for each commit.
    private static let pause = Duration.milliseconds(500)

    /// Sends lines until the daemon stops.
    package func run() async throws {
        for await _ in changes.stream.cancelOnGracefulShutdown() {
            // An unchanged line is sent as well: the watchdog can have sent another one meanwhile.
            if let state = try? corpus.state() {
                let line = StatusLine(
                    images: state.images.count, references: state.references.count, generation: state.generation,
                    backlog: spoolStatus.backlog)
                socket.send("STATUS=\(line)")
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.pause) }
        }
        socket.send("STOPPING=1", "STATUS=Stopping: work under way is finished or undone.")
        // It asks while the other services stop, until the process ends.
        Task { await timeExtension.run() }
    }
}
