internal import Foundation

/// A queue between one sending and one receiving thread that holds at most a fixed number of values.
///
/// The sender waits while the queue is full, the receiver while it is empty.
package final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // Sendable: all state is accessed under the condition's lock only.
    private let condition = NSCondition()
    private let limit: Int
    private var waiting: [Element] = []
    private var end: Result<Void, any Error>?
    private var isCancelled = false

    /// Makes an empty queue.
    ///
    /// - Parameter limit: how many values can wait, at least 1.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Appends a value; waits while the queue is full.
    ///
    /// - Throws: `CancellationError` after ``cancel()``.
    package func send(_ element: Element) throws {
        try condition.withLock {
            while waiting.count >= limit, !isCancelled { condition.wait() }
            if isCancelled { throw CancellationError() }
            waiting.append(element)
            condition.broadcast()
        }
    }

    /// Ends the sequence of values, with success or with the error that ``receive()`` throws after the last value.
    package func finish(_ result: Result<Void, any Error>) {
        condition.withLock {
            end = result
            condition.broadcast()
        }
    }

    /// Removes the next value; waits while the queue is empty.
    ///
    /// - Returns: `nil` after the last value.
    /// - Throws: the error that the sender finished with, after the last value.
    package func receive() throws -> Element? {
        try condition.withLock {
            while waiting.isEmpty, end == nil { condition.wait() }
            condition.broadcast()
            guard waiting.isEmpty else { return waiting.removeFirst() }
            try end?.get()
            return nil
        }
    }

    /// Tells the sender that nobody receives any more: every ``send(_:)`` then throws.
    package func cancel() {
        condition.withLock {
            isCancelled = true
            condition.broadcast()
        }
    }
}
