internal import Synchronization
package import WireAPI

/// The backlog, the last rejections and the unused files of the spool.
///
/// `GET /v1/status`, the metrics and systemd's status line show them.
package final class SpoolStatus: Sendable {
    /// The number of rejections that ``failures`` keeps.
    package static let maximumFailures = 16

    private struct State {
        var backlog = 0
        var failures: [ShardFailure] = []
        var unused: [UnusedFile] = []
        var unusedCount = 0
    }
    private let state = Mutex(State())
    private let changes: ChangeSignal

    /// The status of an empty spool.
    ///
    /// - Parameter changes: is signalled when the backlog changes.
    package init(changes: ChangeSignal) {
        self.changes = changes
    }

    /// The number of shards and deletion lists in the spool when it was last listed, without those that have left it
    /// since.
    package var backlog: Int {
        get { state.withLock { $0.backlog } }
        set {
            let before = state.withLock { state in
                defer { state.backlog = newValue }
                return state.backlog
            }
            if before != newValue { changes.signal() }
        }
    }

    /// The last rejections since the start, newest first.
    package var failures: [ShardFailure] { state.withLock { $0.failures } }

    /// The files in the incoming folders that no shard uses: the first ones by folder and name, and the number of all.
    package var unused: (files: [UnusedFile], count: Int) {
        state.withLock { ($0.unused, $0.unusedCount) }
    }

    /// Sets the files that no shard uses.
    ///
    /// - Parameters:
    ///   - files: the first ones by folder and name.
    ///   - count: the number of all.
    package func setUnused(_ files: [UnusedFile], count: Int) {
        state.withLock { state in
            state.unused = files
            state.unusedCount = count
        }
    }

    /// Records a rejection.
    package func add(_ failure: ShardFailure) {
        state.withLock { state in
            state.failures.insert(failure, at: 0)
            if state.failures.count > Self.maximumFailures { state.failures.removeLast() }
        }
    }
}
