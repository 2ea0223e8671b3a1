internal import Foundation

/// Gives searches priority over maintenance: maintenance waits between two pieces of work while a search runs.
///
/// Each call of ``yieldToSearches()`` waits for one search at most, so a steady stream of searches slows maintenance
/// down but never stops it.
final class SearchPriority: @unchecked Sendable {
    // Sendable: all state is accessed under the condition's lock only.
    private let condition = NSCondition()
    private var isSearching = false
    private var finishedSearches = 0
    private var closed = false
    private let advanced: @Sendable () -> Void

    /// Makes one that is open, with no search under way.
    ///
    /// - Parameter advanced: called at the begin of every ``yieldToSearches()``, by its thread.
    init(advanced: @escaping @Sendable () -> Void) {
        self.advanced = advanced
    }

    /// Runs a search; maintenance that yields meanwhile waits for its end.
    func search<R>(_ body: () throws -> R) rethrows -> R {
        condition.withLock { isSearching = true }
        defer {
            condition.withLock {
                isSearching = false
                finishedSearches += 1
                condition.broadcast()
            }
        }
        return try body()
    }

    /// Waits until no search runs, or until one search has ended since the call.
    ///
    /// - Throws: `CancellationError` after ``close()``.
    func yieldToSearches() throws {
        advanced()
        try condition.withLock {
            let before = finishedSearches
            while isSearching, finishedSearches == before, !closed { condition.wait() }
            if closed { throw CancellationError() }
        }
    }

    /// Whether ``close()`` has been called.
    var isClosed: Bool { condition.withLock { closed } }

    /// Stops maintenance: every ``yieldToSearches()``, waiting or later, throws.
    func close() {
        condition.withLock {
            closed = true
            condition.broadcast()
        }
    }
}
