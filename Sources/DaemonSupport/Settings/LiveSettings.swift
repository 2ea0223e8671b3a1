internal import IncrementalBias
internal import Logging
internal import SpoolProtocol
internal import Synchronization
internal import VectorMath

/// The settings in force: some of them change when the daemon is told to read them anew.
package final class LiveSettings: Sendable {
    private let state: Mutex<ServeSettings>

    /// - Parameter settings: those of the start.
    package init(_ settings: ServeSettings) {
        state = Mutex(settings)
    }

    /// The settings as they are now.
    package var now: ServeSettings { state.withLock { $0 } }

    /// Takes over from `wanted` what can change while the daemon runs.
    ///
    /// - Returns: the settings that changed, and those that differ and can't.
    package func apply(_ wanted: ServeSettings) -> (changed: [Setting], fixed: [Setting]) {
        state.withLock { current in
            let different = Setting.allCases.filter { $0.text(in: current) != $0.text(in: wanted) }
            current.alpha = wanted.alpha
            current.completedShards = wanted.completedShards
            current.largestShard = wanted.largestShard
            current.retention = wanted.retention
            current.quiet = wanted.quiet
            current.rescan = wanted.rescan
            current.clientTimeout = wanted.clientTimeout
            current.logLevel = wanted.logLevel
            return (different.filter { !$0.needsRestart }, different.filter(\.needsRestart))
        }
    }
}

extension Setting {
    /// Whether it can't change while the daemon runs.
    package var needsRestart: Bool {
        switch self {
        case .spool, .data, .socket, .socketMode, .k, .capacity, .metric, .precision, .threads: true
        case .alpha, .finishedShards, .largestShard, .maxReferences, .referenceTTL, .quietSeconds, .rescanSeconds,
            .clientSeconds, .logLevel:
            false
        }
    }

    /// Whether it is about the listening socket, which systemd may have made.
    package var isOfSocket: Bool { self == .socket || self == .socketMode }

    /// Its value in `settings`, for a person.
    package func text(in settings: ServeSettings) -> String {
        switch self {
        case .spool: settings.spool
        case .data: settings.data
        case .socket: settings.socket
        case .socketMode: "0" + String(settings.socketMode, radix: 8)
        case .k: String(settings.k)
        case .capacity: String(settings.store.capacity ?? StoreSettings.defaultCapacity(k: settings.k))
        case .alpha: String(settings.alpha)
        case .metric: settings.store.metric.rawValue
        case .precision: settings.store.precision.rawValue
        case .threads: String(settings.threads)
        case .finishedShards: settings.completedShards.rawValue
        case .largestShard: "\(settings.largestShard) bytes"
        case .maxReferences: settings.retention.maximumReferences.map(String.init) ?? "all"
        case .referenceTTL: settings.retention.secondsToLive.map { "\($0) s" } ?? "for ever"
        case .quietSeconds: String(settings.quiet)
        case .rescanSeconds: String(settings.rescan)
        case .clientSeconds: String(settings.clientTimeout)
        case .logLevel: settings.logLevel.rawValue
        }
    }
}
