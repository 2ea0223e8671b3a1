package import Logging
internal import Synchronization

/// The lowest level that is logged, for all loggers of a program; it can change at any time.
package final class LogThreshold: Sendable {
    private let level: Mutex<Logger.Level>

    /// - Parameter level: the level at the start.
    package init(_ level: Logger.Level) {
        self.level = Mutex(level)
    }

    /// The level now.
    package var now: Logger.Level {
        get { level.withLock { $0 } }
        set { level.withLock { $0 = newValue } }
    }
}
