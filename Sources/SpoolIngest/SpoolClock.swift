package import FoundationEssentials
internal import Glibc

/// The time on both clocks that ingestion uses.
package struct SpoolTime: Sendable {
    /// Seconds since 1970, as files have it; can jump.
    package var wall: Double
    /// Seconds on a clock that never jumps.
    package var uptime: Double

    /// A time on both clocks.
    package init(wall: Double, uptime: Double) {
        self.wall = wall
        self.uptime = uptime
    }

    /// The time of day.
    package var date: Date { Date(timeIntervalSince1970: wall) }

    /// The time now.
    package static func now() -> SpoolTime {
        SpoolTime(wall: seconds(CLOCK_REALTIME), uptime: seconds(CLOCK_MONOTONIC))
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Tells the time.
package typealias SpoolClock = @Sendable () -> SpoolTime
