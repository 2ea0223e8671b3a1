import Synchronization

/// A clock whose time changes only by sleeping: a sleep jumps to its end at once, then calls `onSleep`.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let offset = Mutex(Duration.zero)
    private let onSleep: @Sendable () throws -> Void

    /// A clock at time zero.
    ///
    /// - Parameter onSleep: is called at the end of each sleep.
    init(onSleep: @escaping @Sendable () throws -> Void = {}) {
        self.onSleep = onSleep
    }

    var now: Instant { Instant(offset: offset.withLock { $0 }) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        offset.withLock { $0 = max($0, deadline.offset) }
        try onSleep()
    }
}
