package import IncrementalBias
package import Observability
internal import ServiceLifecycle

/// Sends systemd the status line when something has changed, and `STOPPING=1` when the daemon begins to stop.
package struct StatusService: Service {
    private let notifySocket: NotifySocket
    private let corpus: Corpus
    private let spoolStatus: SpoolStatus
    private let changes: ChangeSignal
    private let timeExtension: TimeExtension

    /// - Parameters:
    ///   - notifySocket: gets the line.
    ///   - corpus: its numbers of rows and its generation are in the line.
    ///   - spoolStatus: its backlog is in the line.
    ///   - changes: is signalled whenever the line must be sent.
    ///   - timeExtension: asks systemd for more time while the other services stop.
    package init(
        notifySocket: NotifySocket, corpus: Corpus, spoolStatus: SpoolStatus, changes: ChangeSignal,
        timeExtension: TimeExtension
    ) {
        self.notifySocket = notifySocket
        self.corpus = corpus
        self.spoolStatus = spoolStatus
        self.changes = changes
        self.timeExtension = timeExtension
    }

    /// The minimum time between two lines: a busy spool would otherwise cause one for each commit.
    private static let pause = Duration.milliseconds(500)

    /// Sends lines until a graceful shutdown begins.
    package func run() async throws {
        for await _ in changes.stream.cancelOnGracefulShutdown() {
            // Also sent if it is the same line as before: the watchdog may have sent another status since.
            if let state = try? corpus.state() {
                let line = StatusLine(
                    images: state.images.count, references: state.references.count, generation: state.generation,
                    backlog: spoolStatus.backlog)
                notifySocket.send("STATUS=\(line)")
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.pause) }
        }
        notifySocket.send("STOPPING=1", "STATUS=Stopping: work under way is finished or undone.")
        // This task ends with the process, when the other services have stopped.
        Task { await timeExtension.run() }
    }
}
