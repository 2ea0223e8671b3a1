internal import FoundationEssentials
package import IncrementalBias
package import Logging
package import SpoolProtocol
internal import VectorMath

/// The values of all settings.
///
/// A new value has the defaults; ``Setting/all`` says what each setting means.
package struct DaemonSettings: Sendable {
    package var spool = "/var/spool/nnnd"
    package var data = "/var/lib/nnnd"
    package var socket = "/run/nnnd/nnnd.sock"
    package var socketMode: UInt32 = 0o660
    package var k = 128
    /// References that a heap can hold; `nil` for that of the store.
    var capacity: Int?
    package var alpha: Float = 0.75
    var metric = Metric.cosine
    var precision = Precision.float32
    package var threads = ProcessInfo.processInfo.activeProcessorCount
    package var completedShards = CompletedShardAction.move
    /// Bytes.
    package var largestShard = 1 << 30
    var maximumReferences: Int?
    /// Seconds.
    var referenceTTL: Double?
    /// Seconds.
    package var quiet: Double = 2
    /// Seconds.
    package var rescan: Double = 30
    /// Seconds.
    package var clientTimeout: Double = 60
    package var logLevel = Logger.Level.info

    /// The defaults where neither systemd nor the machine's memory sets others.
    package init() {}

    /// The defaults of a process.
    ///
    /// - Parameters:
    ///   - environment: the environment, where systemd names the folders.
    ///   - memory: the memory that the process can use, in bytes.
    package init(defaultsIn environment: [String: String], memory: Int = MemoryLimit.bytes) {
        func folder(_ variable: String) -> String? {
            environment[variable].flatMap { $0.split(separator: ":").first.map(String.init) }
        }
        if let state = folder("STATE_DIRECTORY") { data = state }
        if let runtime = folder("RUNTIME_DIRECTORY") { socket = runtime + "/nnnd.sock" }
        // A shard takes up to seven times its size. One for which the system ends the process would be read again.
        largestShard = min(largestShard, memory / 8)
    }

    /// The settings of a process.
    ///
    /// - Throws: ``ConfigurationError`` for the first setting that can't be used.
    package init(_ sources: SettingSources, environment: [String: String]) throws(ConfigurationError) {
        self.init(defaultsIn: environment)
        for setting in Setting.all {
            guard let found = try sources.find(setting) else { continue }
            if let expected = setting.set(found.text, in: &self) { throw found.error(expected: expected) }
        }
    }

    /// The settings that fix a store.
    package var store: RequestedSettings {
        RequestedSettings(metric: metric, precision: precision, capacity: capacity)
    }

    /// The references that the corpus keeps.
    package var retention: Retention {
        Retention(maximumReferences: maximumReferences, secondsToLive: referenceTTL)
    }
}
