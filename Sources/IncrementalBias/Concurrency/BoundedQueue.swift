internal import Foundation

/// Hands values from one thread to another, in order, so few at a time that neither runs far ahead.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // Sendable: all state is touched under the condition's lock only.
    private let condition = NSCondition()
    private let limit: Int
    private var waiting: [Element] = []
    private var end: Result<Void, any Error>?
    private var isAbandoned = false

    /// - Parameter limit: how many values can wait.
    init(limit: Int) {
        self.limit = limit
    }

    /// Hands a value over; waits while too many wait already.
    ///
    /// - Throws: `CancellationError` where nobody takes values any more.
    func give(_ element: Element) throws {
        try condition.withLock {
            while waiting.count >= limit, !isAbandoned { condition.wait() }
            if isAbandoned { throw CancellationError() }
            waiting.append(element)
            condition.broadcast()
        }
    }

    /// Tells that no value follows, or why none can.
    func finish(_ result: Result<Void, any Error>) {
        condition.withLock {
            end = result
            condition.broadcast()
        }
    }

    /// Takes the next value; waits for it.
    ///
    /// - Returns: `nil` after the last.
    /// - Throws: why none can follow.
    func take() throws -> Element? {
        try condition.withLock {
            while waiting.isEmpty, end == nil { condition.wait() }
            condition.broadcast()
            guard waiting.isEmpty else { return waiting.removeFirst() }
            try end?.get()
            return nil
        }
    }

    /// Takes no values any more.
    func abandon() {
        condition.withLock {
            isAbandoned = true
            condition.broadcast()
        }
    }
}
