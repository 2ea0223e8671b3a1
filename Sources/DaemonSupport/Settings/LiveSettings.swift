package import IncrementalBias
internal import Synchronization

/// The settings in force; a reload changes some of them while other threads read them.
package final class LiveSettings: Sendable {
    private let settings: Mutex<DaemonSettings>

    /// The differences between the settings in force and those that a reload has read.
    package struct Reload: Sendable {
        /// The settings that were applied.
        package var changed: [Setting] = []
        /// The settings that were not applied, because they need a restart or a new store.
        package var needRestart: [Setting] = []
    }

    /// - Parameter settings: the settings at the start.
    package init(_ settings: DaemonSettings) {
        self.settings = Mutex(settings)
    }

    /// A copy of the settings in force at this moment.
    package var current: DaemonSettings { settings.withLock { $0 } }

    /// Sets the values of `applied`, which a client has set.
    package func apply(_ applied: AppliedSettings) {
        settings.withLock { current in
            if let k = applied.k { current.k = k }
            if let alpha = applied.alpha { current.alpha = alpha }
        }
    }

    /// Applies the settings in `wanted` that can change while the daemon runs.
    ///
    /// - Returns: the settings of `wanted` that differ from the settings in force.
    package func apply(_ wanted: DaemonSettings) -> Reload {
        settings.withLock { current in
            var reload = Reload()
            for setting in Setting.all where setting.text(in: current) != setting.text(in: wanted) {
                guard setting.effect == .reload else {
                    reload.needRestart.append(setting)
                    continue
                }
                setting.copy(from: wanted, to: &current)
                reload.changed.append(setting)
            }
            return reload
        }
    }
}
