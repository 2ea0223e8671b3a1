internal import Synchronization

/// The settings in force, some of which a reload changes.
package final class LiveSettings: Sendable {
    private let state: Mutex<DaemonSettings>

    /// The differences that a reload found.
    package struct Reload: Sendable {
        /// The settings that have changed.
        package var changed: [Setting] = []
        /// The settings that differ and need a restart or a new store.
        package var unchangeable: [Setting] = []
    }

    /// - Parameter settings: the settings at the start.
    package init(_ settings: DaemonSettings) {
        state = Mutex(settings)
    }

    /// The settings now in force.
    package var now: DaemonSettings { state.withLock { $0 } }

    /// Applies those of the settings in `wanted` that can change while the daemon runs.
    package func apply(_ wanted: DaemonSettings) -> Reload {
        state.withLock { current in
            var reload = Reload()
            for setting in Setting.all where setting.text(in: current) != setting.text(in: wanted) {
                guard setting.effect == .reload else {
                    reload.unchangeable.append(setting)
                    continue
                }
                setting.copy(from: wanted, to: &current)
                reload.changed.append(setting)
            }
            return reload
        }
    }
}
