package import Logging
internal import Synchronization

/// The lowest level that is logged, for all loggers of the program; a reload of the settings can change it.
package final class LogThreshold: Sendable {
    private let state: Mutex<Logger.Level>

    /// - Parameter level: the level at the start.
    package init(_ level: Logger.Level) {
        state = Mutex(level)
    }

    /// The lowest level that is logged at this moment.
    package var level: Logger.Level {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
