package import FoundationEssentials
internal import Glibc

/// The current time on the two clocks that ingestion uses.
package struct SpoolTime: Sendable {
    /// Seconds since 1970 (CLOCK_REALTIME), to compare with times of files.
    ///
    /// The administrator can set this clock.
    package var wall: Double
    /// Seconds on a clock that nobody can set (CLOCK_MONOTONIC), to measure how long to wait.
    package var uptime: Double

    /// A time on the two clocks.
    package init(wall: Double, uptime: Double) {
        self.wall = wall
        self.uptime = uptime
    }

    /// ``wall`` as a date.
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

/// Returns the current time.
package typealias SpoolClock = @Sendable () -> SpoolTime
