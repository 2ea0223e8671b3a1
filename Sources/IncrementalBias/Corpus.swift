internal import Foundation
internal import LMDB
internal import ShardFormats
internal import Synchronization
internal import VectorMath

/// The images, the references, and the biases that follow from them, kept in one store.
///
/// Everything lives in LMDB. A search reads one snapshot in place; ``ingest(_:acknowledged:now:)`` changes everything that a
/// shard touches in one commit. Searches and one writer run side by side.
///
/// For example:
///
///     let corpus = try Corpus(folder: "/var/lib/nnnd/store", settings: settings, k: 128, threads: 4)
///     let outcomes = try corpus.ingest([shard], acknowledged: [], now: Date.init)
///     let answer = try corpus.search([SearchQuery(vector: vector, topK: 10, alpha: 0.75)])
///
/// Every method may be called from any thread, and none from the cooperative pool: they compute for long.
package final class Corpus: Sendable {
    /// What fixes the store.
    package let settings: StoreSettings
    /// How many of a heap's similarities a mean takes.
    package let k: Int
    let environment: LMDB.Environment
    let tables: Tables
    let searchPool: WorkerPool
    let maintenancePool: WorkerPool
    /// One thread makes what another stores.
    let stagePool = WorkerPool(threads: 2, name: "stage")
    let gate: SearchGate
    let observer: (any WorkObserver)?
    /// Bytes of values that the last commit wrote.
    let lastWrite = Atomic(0)
    private let lock: StoreLock

    /// The form of the data that this version reads and writes.
    static let format = "3"
    /// The most that the data file can grow to.
    ///
    /// The map is address space, not memory.
    static let mapBytes = 1 << 40

    /// Opens the store in `folder`, which must exist, and makes it where there is none.
    ///
    /// Where `k` is another than the means were computed with, all are computed anew, in one commit.
    ///
    /// - Parameters:
    ///   - settings: what the store must have been made with.
    ///   - k: how many of a heap's similarities a mean takes, at most the capacity.
    ///   - threads: how many threads a search uses, and as many the maintenance.
    ///   - observer: is told how the work goes, from the opening on.
    /// - Throws: ``StoreError`` where this is not a store that can be used so, or `LMDBError`.
    package init(
        folder: String, settings: StoreSettings, k: Int, threads: Int, observer: (any WorkObserver)? = nil
    ) throws {
        self.observer = observer
        gate = SearchGate { observer?.commitAdvanced() }
        lock = try StoreLock(folder: folder)
        if lock.hasLostStore(folder: folder) { throw StoreError.damaged("data.mdb is empty") }
        StoreRebuild.removeScratch(in: folder)
        do {
            environment = try LMDB.Environment(folder: folder, mapSize: Self.mapBytes)
        } catch let error where error.isDamage {
            throw StoreError.damaged(error.description)
        }
        let isNew = try !Self.checkIsOurs(environment)
        tables = try Tables(environment, making: isNew)
        self.settings = try Self.establish(settings, in: environment, tables)
        guard k <= self.settings.capacity else {
            throw StoreError.kBeyondCapacity(k: k, capacity: self.settings.capacity)
        }
        lock.noteStore()
        self.k = k
        searchPool = WorkerPool(threads: threads, name: "search") { observer?.scanAdvanced() }
        maintenancePool = WorkerPool(threads: threads, name: "maintenance") { [gate] in try gate.pass() }
        try checkCounts()
        try discardStaged()
        try establishK()
    }

    /// The state of the last commit.
    package func state() throws -> StoreState {
        try environment.read { try Self.state(tables, in: $0) }
    }

    /// The bytes of the data file in use, and the most that there can be.
    package var usage: (usedBytes: Int, mapBytes: Int) {
        let usage = environment.usage
        return (usage.usedBytes, usage.mapBytes)
    }

    static func state(_ tables: Tables, in transaction: borrowing some Transaction & ~Copyable) throws -> StoreState {
        let state = try transaction.value(tables.meta, "state") { StoreState($0) }
        guard let state, let state else { throw StoreError.damaged("the state is missing, or was never written so") }
        return state
    }

    func maintenance(dimension: Int) -> BiasMaintenance {
        BiasMaintenance(
            layout: StoreLayout(dimension: dimension, settings: settings), tables: tables, k: k, pool: maintenancePool,
            gate: gate)
    }

    /// Refuses an environment that another program or another version has made, before anything is written to it.
    ///
    /// - Returns: whether it has a store already, which then has all tables.
    /// - Throws: ``StoreError/notAStore`` or ``StoreError/unknownFormat(found:expected:)``.
    static func checkIsOurs(_ environment: LMDB.Environment) throws -> Bool {
        guard !environment.isEmpty else { return false }
        guard try environment.contains(Tables.first) else { throw StoreError.notAStore }
        let meta = try environment.open(Tables.first, order: .bytes, making: false)
        return try environment.read { transaction in
            // A first start may have ended before there was more than tables.
            guard try transaction.count(meta) > 0 else { return false }
            guard let found = try transaction.string(meta, "format") else { throw StoreError.notAStore }
            guard found == format else { throw StoreError.unknownFormat(found: found, expected: format) }
            return true
        }
    }

    /// Makes a new store ours, or checks that an old one is.
    ///
    /// - Returns: the settings of the store.
    private static func establish(
        _ wanted: StoreSettings, in environment: LMDB.Environment, _ tables: Tables
    ) throws -> StoreSettings {
        try environment.write { transaction in
            guard let format = try transaction.string(tables.meta, "format") else {
                guard try transaction.count(tables.meta) == 0 else { throw StoreError.notAStore }
                try transaction.put(tables.meta, "format", Self.format)
                try transaction.put(tables.meta, "settings", try JSONEncoder().encode(wanted).span)
                try transaction.put(tables.meta, "state", StoreState(k: 0).encoded.span)
                return wanted
            }
            let kept = try storedSettings(format: format, tables, in: transaction)
            try kept.check(wanted)
            if wanted.capacityIsWanted { try kept.checkCapacity(wanted) }
            return kept
        }
    }

    /// The settings of a store that there is, in this form.
    static func storedSettings(
        format: String, _ tables: Tables, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> StoreSettings {
        guard format == Self.format else {
            throw StoreError.unknownFormat(found: format, expected: Self.format)
        }
        let stored = try transaction.bytes(tables.meta, "settings").map { Data($0) }
        guard let stored, let kept = try? JSONDecoder().decode(StoreSettings.self, from: stored) else {
            throw StoreError.damaged("the settings can't be read")
        }
        return kept
    }

    /// Compares the rows that the state counts with those that there are.
    private func checkCounts() throws {
        try environment.read { transaction in
            let state = try Self.state(tables, in: transaction)
            for kind in VectorRole.allCases {
                let rows = try transaction.count(tables[kind].rows)
                let free = try transaction.count(tables[kind].free)
                guard rows == state[kind].count, try transaction.count(tables[kind].ids) == rows,
                    free == state[kind].end - state[kind].count
                else { throw StoreError.damaged("there are not as many \(kind.rawValue) as the state says") }
            }
        }
    }

    /// Applies `k`, where the means were computed with another.
    private func establishK() throws {
        guard try state().k != k else { return }
        try write { transaction in
            var state = try Self.state(tables, in: transaction)
            try applyK(&state, in: transaction)
        }
    }

    /// Computes all means anew for another `k`, in this transaction.
    private func applyK(_ state: inout StoreState, in transaction: borrowing WriteTransaction) throws {
        let isNew = state.k == 0
        state.k = k
        if !isNew { state.generation += 1 }
        if state.dimension > 0 {
            let change = ReferenceChange(
                countBetween: state.references.count, count: state.references.count, kChanged: true)
            try maintenance(dimension: state.dimension).apply(
                change, images: state.images, references: state.references, in: transaction)
        }
        try transaction.put(tables.meta, "state", state.encoded.span)
    }
}
