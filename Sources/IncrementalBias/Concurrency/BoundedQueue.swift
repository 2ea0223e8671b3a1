internal import Foundation

/// A queue from one sending thread to one receiving thread, with a maximum number of waiting values.
///
/// The sender waits while the queue is full. The receiver waits while the queue is empty.
package final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // Sendable: all variables are accessed under the condition's lock only.
    private let condition = NSCondition()
    private let limit: Int
    private var waiting: [Element] = []
    /// How the sender ended the sequence of values; `nil` before its end.
    private var end: Result<Void, any Error>?
    private var isCancelled = false

    /// Makes an empty queue.
    ///
    /// - Parameter limit: the maximum number of waiting values, at least 1.
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

    /// Ends the sequence of values; called by the sender.
    ///
    /// - Parameter result: success, or the error that ``receive()`` throws after the last value.
    package func finish(_ result: Result<Void, any Error>) {
        condition.withLock {
            end = result
            condition.broadcast()
        }
    }

    /// Removes the next value; waits while the queue is empty.
    ///
    /// - Returns: `nil` after the last value.
    /// - Throws: the error passed to ``finish(_:)``, after the last value.
    package func receive() throws -> Element? {
        try condition.withLock {
            while waiting.isEmpty, end == nil { condition.wait() }
            condition.broadcast()
            guard waiting.isEmpty else { return waiting.removeFirst() }
            try end?.get()
            return nil
        }
    }

    /// Makes every ``send(_:)`` throw, waiting or later; called by the receiver when it stops receiving.
    package func cancel() {
        condition.withLock {
            isCancelled = true
            condition.broadcast()
        }
    }
}
