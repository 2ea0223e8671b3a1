internal import FoundationEssentials
package import IncrementalBias
package import Logging
package import QuerySampling
package import ShardFormats
package import SpoolProtocol
internal import VectorMath

/// The values of all settings.
///
/// ``Setting/all`` says what each setting means. A property that is `nil` is a setting without a value of its own.
package struct DaemonSettings: Sendable {
    package var spool = "/var/spool/nnnd"
    package var data = "/var/lib/nnnd"
    package var socket = "/run/nnnd/nnnd.sock"
    package var socketMode: UInt32 = 0o660
    package var k = 128
    /// References that an image's heap can hold; `nil` for the capacity of the store, or the default of a new store.
    var capacity: Int?
    package var alpha: Float = 0.75
    package var recall = 1.0
    /// The number of images from which on there are cells; 0 for no cells.
    package var cellsFrom = CellLimits.standard.minimumImages ?? 0
    var metric = Metric.cosine
    var precision = Precision.float32
    package var threads = ProcessInfo.processInfo.activeProcessorCount
    package var finishedShards = FinishedShardAction.move
    /// Bytes.
    package private(set) var largestShard = 4 << 30
    /// The maximum size of a shard that is read into memory as a whole, in bytes.
    package private(set) var largestWholeShard = 1 << 30
    /// Bytes of address space.
    package var mapSize = StoreFormat.defaultMapSize
    package var v2Elements = V2Elements.reject
    package var heapCheckShare = 0.01
    /// `nil` for no limit.
    var maximumReferences: Int?
    /// Seconds; `nil` for no limit.
    var referenceTTL: Double?
    /// `nil` for no query.
    var sampleQueries: SamplingRate?
    /// Seconds.
    var sampleDelay: Double = 60
    var maximumSampledReferences = 10_000
    /// Seconds; `nil` for no limit.
    var sampledReferenceTTL: Double?
    /// The part of the sampled references that one user's queries can be, in percent; `nil` for a quarter of `k`
    /// references.
    var sampleClientPercent: Double?
    /// Seconds.
    var changeLogAge = ChangeLogLimits.standard.secondsToLive
    /// Bytes.
    var changeLogSize = ChangeLogLimits.standard.maximumBytes
    /// Seconds.
    package var quiet: Double = 2
    package var listQuiet: Double = 10
    /// Seconds.
    package var rescan: Double = 30
    /// Seconds.
    package var clientTimeout: Double = 60
    package var logLevel = Logger.Level.info
    /// Name of a setting that a source sets -> its name in that source, such as `k in /etc/nnnd/nnnd.yaml`.
    package private(set) var origins: [String: String] = [:]

    /// The defaults of a process that systemd has not started, on a machine with enough memory.
    package init() {}

    /// The defaults in this environment.
    ///
    /// - Parameters:
    ///   - environment: the environment of the process; systemd names folders in `STATE_DIRECTORY` and
    ///     `RUNTIME_DIRECTORY`.
    ///   - memory: the memory that the process can use, in bytes.
    package init(defaultsInEnvironment environment: [String: String], memory: Int = MemoryLimit.bytes) {
        func folder(_ variable: String) -> String? {
            environment[variable].flatMap { $0.split(separator: ":").first.map(String.init) }
        }
        if let state = folder("STATE_DIRECTORY") { data = state }
        if let runtime = folder("RUNTIME_DIRECTORY") { socket = runtime + "/nnnd.sock" }
        // A shard takes up to seven times its size in memory. If the system killed the process for it, the next start
        // would read the same shard again.
        largestWholeShard = min(largestWholeShard, memory / 8)
    }

    /// The settings from `sources`, with defaults for all others.
    ///
    /// - Throws: ``ConfigurationError`` for the first setting whose value is not allowed.
    package init(_ sources: SettingSources, environment: [String: String]) throws(ConfigurationError) {
        self.init(defaultsInEnvironment: environment)
        for setting in Setting.all {
            guard let found = try sources.find(setting) else { continue }
            if let expected = setting.set(found.text, in: &self) { throw found.error(expected: expected) }
            origins[setting.name] = found.settingName
        }
    }

    /// The setting `largest-shard`: whoever sets it says that shards of this size fit into the memory.
    var explicitLargestShard: Int {
        get { largestShard }
        set { (largestShard, largestWholeShard) = (newValue, newValue) }
    }

    /// The settings that are fixed when a store is created.
    package var store: RequestedSettings {
        RequestedSettings(metric: metric, precision: precision, capacity: capacity)
    }

    /// The k that the store is opened with.
    package var requestedK: RequestedK { RequestedK(k, isDefault: origins[Setting.k.name] == nil) }

    /// Where a source sets `k` and `alpha`, by name.
    package var originsOfApplied: [String: String] {
        origins.filter { [Setting.k.name, Setting.alpha.name].contains($0.key) }
    }

    /// Takes the values that the store keeps for settings that no source sets.
    package mutating func useDefaults(_ applied: AppliedSettings) {
        let kept = notSet(applied)
        if let k = kept.k { self.k = k }
        if let alpha = kept.alpha { self.alpha = alpha }
    }

    /// Those of `applied` that no source sets, which the store therefore keeps.
    package func notSet(_ applied: AppliedSettings) -> AppliedSettings {
        AppliedSettings(
            k: origins[Setting.k.name] == nil ? applied.k : nil,
            alpha: origins[Setting.alpha.name] == nil ? applied.alpha : nil)
    }

    /// How many references the corpus keeps, and for how long.
    package var retention: Retention {
        Retention(
            maximumReferences: maximumReferences, secondsToLive: referenceTTL,
            sampled: .init(maximumReferences: maximumSampledReferences, secondsToLive: sampledReferenceTTL))
    }

    /// How much of the past the store keeps for the change feed.
    package var changeLog: ChangeLogLimits {
        ChangeLogLimits(secondsToLive: changeLogAge, maximumBytes: changeLogSize)
    }

    /// Which queries become references.
    package var sampling: SamplingSettings {
        SamplingSettings(
            rate: sampleQueries, delay: sampleDelay, maximumReferences: maximumSampledReferences,
            secondsToLive: sampledReferenceTTL, clientShare: sampleClientPercent.map { $0 / 100 }, k: k,
            // Far below the maximum of a shard; and then no shard of several rows is rejected because of it.
            maximumShardBytes: min(4 << 20, largestWholeShard / 2))
    }
}
