/// Tells one listener that something has changed.
///
/// Several signals count as one if the listener has not read in between. The listener in the daemon is the service that
/// sends the status line to systemd.
package struct ChangeSignal: Sendable {
    /// Yields an element after one or more calls of ``signal()``; only one task may iterate it.
    package let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// Creates a signal without a pending element.
    package init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the listener.
    package func signal() {
        continuation.yield()
    }
}
