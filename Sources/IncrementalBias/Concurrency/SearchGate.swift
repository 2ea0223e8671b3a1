internal import Foundation

/// Lets searches go first: maintenance passes the gate between two pieces of work, and waits there while a search runs.
///
/// A passer waits for one search at most, so that a steady stream of searches slows maintenance down but never stops it.
final class SearchGate: @unchecked Sendable {
    // Sendable: all state is touched under the condition's lock only.
    private let condition = NSCondition()
    private var searching = false
    private var finished = 0
    private var closed = false
    private let advanced: @Sendable () -> Void

    /// - Parameter advanced: is called by each who comes to the gate.
    init(advanced: @escaping @Sendable () -> Void) {
        self.advanced = advanced
    }

    /// Runs a search; those who come to the gate meanwhile wait.
    func search<R>(_ body: () throws -> R) rethrows -> R {
        condition.withLock { searching = true }
        defer {
            condition.withLock {
                searching = false
                finished += 1
                condition.broadcast()
            }
        }
        return try body()
    }

    /// Waits until no search is running, or until the one under way has ended.
    ///
    /// - Throws: `CancellationError` when the gate is closed.
    func pass() throws {
        advanced()
        try condition.withLock {
            let before = finished
            while searching, finished == before, !closed { condition.wait() }
            if closed { throw CancellationError() }
        }
    }

    /// Lets nobody pass any more.
    func close() {
        condition.withLock {
            closed = true
            condition.broadcast()
        }
    }
}
