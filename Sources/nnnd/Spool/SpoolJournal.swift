import Synchronization
import Wire

/// What the spool tells the status page, the metrics and the status line.
final class SpoolJournal: Sendable {
    /// How many failures it remembers.
    static let failuresKept = 16

    private struct State {
        var backlog = 0
        var failures: [ShardFailure] = []
    }
    private let state = Mutex(State())
    private let changed: @Sendable () -> Void

    /// - Parameter changed: is called when the backlog has changed.
    init(changed: @escaping @Sendable () -> Void) {
        self.changed = changed
    }

    /// Files that waited at the last look.
    var backlog: Int {
        get { state.withLock { $0.backlog } }
        set {
            let before = state.withLock { state in
                defer { state.backlog = newValue }
                return state.backlog
            }
            if before != newValue { changed() }
        }
    }

    /// The last refusals since the start, newest first.
    var failures: [ShardFailure] { state.withLock { $0.failures } }

    func add(_ failure: ShardFailure) {
        state.withLock { state in
            state.failures.insert(failure, at: 0)
            if state.failures.count > Self.failuresKept { state.failures.removeLast() }
        }
    }
}
