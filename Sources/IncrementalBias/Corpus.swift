internal import LMDB
internal import ShardFormats
internal import VectorMath

/// The images and references of one store, and the means that their biases are computed from.
///
/// All data is in LMDB. A search reads one snapshot; ``ingest(_:acknowledged:retention:now:)`` applies shards in one
/// commit. Any number of searches can run at the same time as one commit.
///
/// For example:
///
///     let corpus = try Corpus(folder: "/var/lib/nnnd/store", settings: settings, k: 128, threads: 4)
///     let outcomes = try corpus.ingest([shard], acknowledged: [], now: Date.init)
///     let answer = try corpus.search([SearchBatch(vectors: vectors, count: 2, topK: 10, alpha: 0.75)])
///
/// Every method can be called from any thread. Do not call them from Swift's cooperative thread pool, because a call
/// can take long.
package final class Corpus: Sendable {
    /// The settings of the store.
    package let settings: StoreSettings
    let environment: LMDB.Environment
    let tables: Tables
    let searchPool: WorkerPool
    let maintenancePool: WorkerPool
    let priority: SearchPriority
    let writer: CorpusWriter
    let observer: (any WorkObserver)?
    /// What is known about the recall of approximate searches.
    let recall: RecallRegistry
    let recallLimits: RecallLimits
    let cellLimits: CellLimits
    private let lock: StoreLock

    /// Opens the store in `folder`, or creates a store if the folder has none.
    ///
    /// If the k differs from the k of the stored means, all means are computed again in one commit.
    ///
    /// - Parameters:
    ///   - folder: the folder of the store, which must exist.
    ///   - settings: the settings that the store must have, or that a new store gets.
    ///   - k: the number of largest similarities that a mean averages, at most the capacity of a heap. A k that the
    ///     store keeps takes precedence over a default.
    ///   - threads: the number of threads for searches, and as many again for bias maintenance.
    ///   - mapSize: the maximum size of the data file, in bytes, for which address space is reserved.
    ///   - pendingLimits: how many entries of heaps can be pending; tests use small numbers.
    ///   - recallLimits: when searches can be approximate; tests use small numbers.
    ///   - cellLimits: when images are grouped into cells; tests use small numbers.
    ///   - changeLogLimits: how much of the past the change log keeps.
    ///   - observer: gets events during this call and as long as the corpus exists.
    /// - Throws: ``StoreError`` if the store can't be opened with these settings; `LMDBError` if its files can't be
    ///   read or written.
    package init(
        folder: String, settings: RequestedSettings, k: RequestedK, threads: Int,
        mapSize: Int = StoreFormat.defaultMapSize, pendingLimits: PendingLimits = .standard,
        recallLimits: RecallLimits = .standard, cellLimits: CellLimits = .standard,
        changeLogLimits: ChangeLogLimits = .standard,
        observer: (any WorkObserver)? = nil
    ) throws {
        self.observer = observer
        self.recallLimits = recallLimits
        self.cellLimits = cellLimits
        recall = RecallRegistry(limits: recallLimits)
        priority = SearchPriority { observer?.commitAdvanced() }
        lock = try StoreLock(folder: folder)
        if lock.hasLostStore(folder: folder) { throw StoreError.damaged("data.mdb is empty") }
        StoreRebuild.removeScratch(in: folder)
        environment = try StoreFormat.open(folder, mapSize: mapSize)
        tables = try Tables(environment, createIfMissing: try !StoreFormat.holdsStore(environment))
        let currentK: Int
        (self.settings, currentK) = try Self.openSettings(settings, k: k, in: environment, tables)
        lock.recordStore()
        searchPool = WorkerPool(threads: threads, name: "search") { observer?.scanAdvanced() }
        maintenancePool = WorkerPool(threads: threads, name: "maintenance") { [priority] in
            try priority.yieldToSearches()
        }
        writer = CorpusWriter(
            environment, tables, settings: self.settings, pool: maintenancePool, priority: priority,
            limits: pendingLimits)
        try checkRowCounts()
        try writer.removeUnusedRows()
        try writer.removeOutdatedCells()
        try writer.setChangeLogLimits(changeLogLimits)
        try writer.forgetDimensionIfEmpty()
        try writer.setK(currentK)
    }

    /// The counters of the store after the last commit.
    package func state() throws -> StoreState {
        try environment.read { try tables.state(in: $0) }
    }

    /// Checks that the data file is in its place, and the counters can be read.
    ///
    /// - Throws: ``StoreError/removed`` if the data file was removed, moved or replaced; `LMDBError`;
    ///   ``StoreError/damaged(_:)``.
    package func checkReadiness() throws {
        try writer.checkDataFile()
        _ = try state()
    }

    /// The used size of the data file, and the maximum size (LMDB's map size), in bytes.
    package var usage: (usedBytes: Int, mapBytes: Int) {
        let usage = environment.usage
        return (usage.usedBytes, usage.mapBytes)
    }

    /// Writes the settings of a new store, or checks that an existing store has the requested settings.
    ///
    /// - Returns: the settings of the store, and the k that its means must have.
    private static func openSettings(
        _ requested: RequestedSettings, k: RequestedK, in environment: LMDB.Environment, _ tables: Tables
    ) throws -> (settings: StoreSettings, k: Int) {
        try environment.write { transaction in
            if let stored = try tables.settings(in: transaction) {
                let k = k.value(in: try tables.applied(in: transaction))
                try stored.check(requested)
                try stored.check(k: k)
                return (stored, k)
            }
            guard try transaction.count(tables.meta) == 0 else { throw StoreError.notAStore }
            let settings = StoreSettings(requested, k: k.value)
            try settings.check(k: k.value)
            try tables.initialize(settings, StoreState(k: 0), in: transaction)
            return (settings, k.value)
        }
    }

    /// Checks that the tables have as many rows as the stored counters say.
    private func checkRowCounts() throws {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            for role in VectorRole.allCases {
                let rows = try transaction.count(tables[role].rows)
                let free = try transaction.count(tables[role].free)
                guard rows == state[role].count, try transaction.count(tables[role].ids) == rows,
                    free == state[role].end - state[role].count
                else { throw StoreError.damaged("the number of \(role.rawValue) differs from the store's counter") }
            }
        }
    }
}
