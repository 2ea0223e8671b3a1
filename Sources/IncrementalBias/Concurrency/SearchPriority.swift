internal import Foundation

/// Gives searches priority over maintenance: between two pieces of work, maintenance waits while a search runs.
///
/// A call of ``yieldToSearches()`` waits for one search at most. A steady stream of searches therefore slows
/// maintenance down and never stops it.
final class SearchPriority: @unchecked Sendable {
    // Sendable: all variables are accessed under the condition's lock only.
    private let condition = NSCondition()
    private var isSearching = false
    private var finishedSearches = 0
    private var closed = false
    private let onYield: @Sendable () -> Void

    /// Makes a priority with no search running.
    ///
    /// - Parameter onYield: called at the start of each ``yieldToSearches()``, by the thread that yields. It shows that
    ///   maintenance makes progress.
    init(onYield: @escaping @Sendable () -> Void) {
        self.onYield = onYield
    }

    /// Runs a search.
    ///
    /// Maintenance that yields meanwhile waits for its end.
    ///
    /// The caller runs one search at a time.
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

    /// Returns at once if no search runs; otherwise waits until a search has ended.
    ///
    /// - Throws: `CancellationError` after ``close()``.
    func yieldToSearches() throws {
        onYield()
        try condition.withLock {
            let before = finishedSearches
            while isSearching, finishedSearches == before, !closed { condition.wait() }
            if closed { throw CancellationError() }
        }
    }

    /// Whether ``close()`` has been called.
    var isClosed: Bool { condition.withLock { closed } }

    /// Interrupts maintenance: every ``yieldToSearches()``, waiting or later, throws.
    func close() {
        condition.withLock {
            closed = true
            condition.broadcast()
        }
    }
}
