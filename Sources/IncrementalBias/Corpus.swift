internal import LMDB
internal import ShardFormats
internal import VectorMath

/// The images, the references and the biases derived from them, kept in one store.
///
/// All data lives in LMDB. A search reads one snapshot in place; ``ingest(_:acknowledged:retention:now:)`` applies shards in
/// one commit. Searches run beside one writer.
///
/// For example:
///
///     let corpus = try Corpus(folder: "/var/lib/nnnd/store", settings: settings, k: 128, threads: 4)
///     let outcomes = try corpus.ingest([shard], acknowledged: [], now: Date.init)
///     let answer = try corpus.search([SearchBatch(vectors: vectors, count: 2, topK: 10, alpha: 0.75)])
///
/// Every method may be called from any thread, but not from the cooperative pool: a call can compute for long.
package final class Corpus: Sendable {
    /// The settings of the store.
    package let settings: StoreSettings
    /// How many of a heap's similarities a mean takes.
    package let k: Int
    let environment: LMDB.Environment
    let tables: Tables
    let searchPool: WorkerPool
    let maintenancePool: WorkerPool
    let priority: SearchPriority
    let writer: CorpusWriter
    let observer: (any WorkObserver)?
    private let lock: StoreLock

    /// Opens the store in `folder`, which must exist, and makes a store where there is none.
    ///
    /// If `k` differs from that of the stored means, all means are computed anew in one commit.
    ///
    /// - Parameters:
    ///   - folder: the folder of the store.
    ///   - settings: the settings that the store must have.
    ///   - k: how many of a heap's similarities a mean takes, at most the capacity.
    ///   - threads: how many threads a search uses; maintenance uses as many.
    ///   - observer: an observer of the work, from the opening on.
    /// - Throws: ``StoreError`` where the store can't be opened with these settings, or `LMDBError`.
    package init(
        folder: String, settings: RequestedSettings, k: Int, threads: Int, observer: (any WorkObserver)? = nil
    ) throws {
        self.observer = observer
        priority = SearchPriority { observer?.commitAdvanced() }
        lock = try StoreLock(folder: folder)
        if lock.hasLostStore(folder: folder) { throw StoreError.damaged("data.mdb is empty") }
        StoreRebuild.removeScratch(in: folder)
        do {
            environment = try LMDB.Environment(folder: folder, mapSize: StoreFormat.mapBytes)
        } catch let error where error.isDamage {
            throw StoreError.damaged(error.description)
        }
        tables = try Tables(environment, making: try !StoreFormat.holdsStore(environment))
        self.settings = try Self.establish(settings, k: k, in: environment, tables)
        lock.noteStore()
        self.k = k
        searchPool = WorkerPool(threads: threads, name: "search") { observer?.scanAdvanced() }
        maintenancePool = WorkerPool(threads: threads, name: "maintenance") { [priority] in
            try priority.yieldToSearches()
        }
        writer = CorpusWriter(
            environment, tables, settings: self.settings, k: k, pool: maintenancePool, priority: priority)
        try checkCounts()
        try writer.removeUnusedRows()
        try establishK()
    }

    /// The state of the last commit.
    package func state() throws -> StoreState {
        try environment.read { try tables.state(in: $0) }
    }

    /// The used size of the data file and its largest size, in bytes.
    package var usage: (usedBytes: Int, mapBytes: Int) {
        let usage = environment.usage
        return (usage.usedBytes, usage.mapBytes)
    }

    /// Initializes a new store, or checks the settings of an existing one.
    ///
    /// - Returns: the settings of the store.
    private static func establish(
        _ requested: RequestedSettings, k: Int, in environment: LMDB.Environment, _ tables: Tables
    ) throws -> StoreSettings {
        try environment.write { transaction in
            if let stored = try tables.settings(in: transaction) {
                try stored.check(requested)
                try stored.check(k: k)
                return stored
            }
            guard try transaction.count(tables.meta) == 0 else { throw StoreError.notAStore }
            let settings = StoreSettings(requested, k: k)
            try settings.check(k: k)
            try tables.initialize(settings, StoreState(k: 0), in: transaction)
            return settings
        }
    }

    /// Checks that the rows in use are as many as the state says.
    private func checkCounts() throws {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            for role in VectorRole.allCases {
                let rows = try transaction.count(tables[role].rows)
                let free = try transaction.count(tables[role].free)
                guard rows == state[role].count, try transaction.count(tables[role].ids) == rows,
                    free == state[role].end - state[role].count
                else { throw StoreError.damaged("there are not as many \(role.rawValue) as the state says") }
            }
        }
    }

    /// Computes all means anew, in one commit, if the stored means have another `k`.
    private func establishK() throws {
        guard try state().k != k else { return }
        try writer.write { transaction in
            var state = try tables.state(in: transaction)
            let isNew = state.k == 0
            state.k = k
            if !isNew { state.generation += 1 }
            if state.dimension > 0 {
                let change = ReferenceChange(
                    countBetween: state.references.count, count: state.references.count, kChanged: true)
                try writer.maintenance(dimension: state.dimension).apply(
                    change, images: state.images, references: state.references, in: transaction)
            }
            try tables.write(state, in: transaction)
        }
    }
}
