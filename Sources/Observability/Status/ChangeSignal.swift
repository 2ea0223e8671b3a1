/// Wakes one listener when something has changed; several signals before the listener reads count as one.
package struct ChangeSignal: Sendable {
    /// Yields once after one or more calls of ``signal()``.
    package let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// A signal that has not been sent yet.
    package init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the listener.
    package func signal() {
        continuation.yield()
    }
}
