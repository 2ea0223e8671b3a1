package import IncrementalBias
package import Logging
package import Observability
internal import PosixSupport
internal import ServiceLifecycle
internal import ShardFormats
internal import SpoolProtocol
internal import Synchronization

/// Makes references of some of the queries of searches, so that biases follow the traffic.
///
/// It is a producer as any other: it renames shards into the spool. While the setting `sample-queries` is not set, it
/// keeps nothing of a query.
package final class QuerySampler: Service {
    private let corpus: Corpus
    private let folder: String
    private let settings: @Sendable () -> SamplingSettings
    private let metrics: DaemonMetrics
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        /// The settings in force, and what has been sampled; `nil` before anything is sampled.
        var sampling: (settings: SamplingSettings, queries: SampledQueries)?
        /// A change that could not be written yet.
        var unwritten: SampledChange?
        /// Whether references were removed because a user had the maximum.
        var hasRemoved = false
    }

    /// - Parameters:
    ///   - corpus: the corpus; only its metric and its dimension are used.
    ///   - spool: the root of the spool.
    ///   - settings: returns the settings in force.
    ///   - metrics: counts queries by what becomes of them.
    ///   - logger: is told when shards can't be written; nothing of a query is logged.
    package init(
        corpus: Corpus, spool: String, settings: @escaping @Sendable () -> SamplingSettings, metrics: DaemonMetrics,
        logger: Logger
    ) {
        (self.corpus, self.settings, self.metrics, self.logger) = (corpus, settings, metrics, logger)
        folder = SpoolFolders(root: spool).incoming(.references)
    }

    /// Whether queries are sampled.
    package var isOn: Bool { settings().rate != nil }

    /// Offers the queries of an answered search.
    ///
    /// - Parameter client: the user id of the client; `nil` if it is not known.
    package func offer(_ queries: SearchBatch, client: UInt32?) {
        let settings = settings()
        guard settings.rate != nil, queries.count > 0 else { return }
        let now = Self.now
        var outcomes = [SampledQueries.Outcome: Int]()
        state.withLock { state in
            Self.adopt(settings, &state)
            for row in 0..<queries.count {
                let outcome = state.sampling?.queries.offer(
                    { reference(queries, row) }, client: client ?? .max, settings: settings, now: now)
                if let outcome { outcomes[outcome, default: 0] += 1 }
            }
        }
        for (outcome, count) in outcomes { metrics.offeredQueries(outcome, count) }
    }

    /// The vector of a query in the form in which a reference is stored.
    private func reference(_ queries: SearchBatch, _ row: Int) -> [Float] {
        let dimension = queries.dimension
        let vector = Array(queries.vectors[row * dimension..<(row + 1) * dimension])
        guard corpus.settings.metric == .cosine else { return vector }
        let largest = Double(vector.reduce(0) { max($0, abs($1)) })
        // So that squares neither overflow nor vanish.
        let scaled = vector.map { Double($0) / largest }
        let norm = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return scaled.map { Float($0 / norm) }
    }

    /// Writes what is due until a graceful shutdown; queries whose delay is not over are then forgotten.
    package func run() async throws {
        var hasFailed = false
        while !Task.isShuttingDownGracefully {
            do {
                try write()
                hasFailed = false
            } catch {
                if !hasFailed {
                    logger.warning("sampled queries can't be written; they wait", metadata: ["reason": "\(error)"])
                }
                hasFailed = true
            }
            let pause = Self.pause(delay: settings().delay)
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(pause)) }
        }
    }

    /// The seconds between two shards: each one takes a pass over the heaps, so a few large ones cost less than many.
    static func pause(delay: Double) -> Double { min(30, max(1, delay / 2)) }

    /// Writes a shard of the queries that are due, unless the last shard is still in the spool.
    func write() throws {
        let settings = settings()
        let name = ReferenceSource.sampledShard
        let isBusy = try ["npz", "delete"].contains { try FileSystem.exists("\(folder)/\(name).\($0)") }
        let dimension = try corpus.state().dimension
        let change = state.withLock { state -> SampledChange? in
            Self.adopt(settings, &state)
            if isBusy { return nil }
            if state.unwritten == nil {
                state.unwritten = state.sampling?.queries.takeDue(
                    settings: settings, dimension: dimension, now: Self.now)
            }
            return state.unwritten
        }
        guard let change else { return }
        if !change.isEmpty { try change.write(to: folder, name: name) }
        let isFirstRemoval = state.withLock { state in
            state.unwritten = nil
            defer { state.hasRemoved = state.hasRemoved || !change.removed.isEmpty }
            return !state.hasRemoved && !change.removed.isEmpty
        }
        if isFirstRemoval {
            logger.notice(
                "a user has as many sampled references as one user can have; its newest replace its oldest",
                metadata: ["setting": "sample-client-share"])
        }
    }

    /// Applies the settings if they are others; without a rate, forgets the queries that wait.
    private static func adopt(_ settings: SamplingSettings, _ state: inout State) {
        guard state.sampling?.settings != settings else { return }
        if settings.rate == nil { state.unwritten = nil }
        if state.sampling == nil {
            guard settings.rate != nil else { return }
            state.sampling = (settings, SampledQueries(settings) { Double.random(in: 0..<1) })
        } else {
            state.sampling?.settings = settings
            state.sampling?.queries.apply(settings)
        }
    }

    /// Seconds of a clock that runs on during suspensions.
    private static var now: Double {
        (ContinuousClock.now - started) / .seconds(1)
    }

    private static let started = ContinuousClock.now
}
