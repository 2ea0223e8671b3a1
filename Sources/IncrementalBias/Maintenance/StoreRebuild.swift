internal import Foundation
internal import LMDB
internal import VectorMath

/// Computes anew all of a store that follows from its vectors: codes, heaps, means, thresholds, lists of free rows.
///
/// A new data file is made beside the old one, in a folder of its own, and takes its place at the end, in one step. Until
/// then the store is as it was, whenever the work ends; what is left over is removed by whoever opens the store next.
/// Nobody else may have the store open meanwhile.
package final class StoreRebuild: Sendable {
    private let folder: String
    private let wanted: StoreSettings
    private let k: Int
    private let lock: StoreLock
    let pool: WorkerPool
    let gate = SearchGate {}

    /// How far it has come.
    package enum Progress: Equatable, Sendable {
        /// Vectors, ids and receipts are being copied.
        case copying
        /// So many images are done, of so many.
        case computing(done: Int, of: Int)
    }

    /// What came of it.
    package struct Summary: Equatable, Sendable {
        /// The state of the new store: one generation later.
        package let state: StoreState
        package let settings: StoreSettings
        /// The lengths of the data files in use.
        package let bytesBefore: Int
        package let bytes: Int
    }

    /// Takes the store's lock.
    ///
    /// - Parameters:
    ///   - folder: the store's.
    ///   - settings: what the store was made with. Without a capacity that is asked for, it keeps its own unless `k` is
    ///     beyond it.
    ///   - k: how many of a heap's similarities a mean takes.
    /// - Throws: ``StoreError`` where there is no store or it is in use, or `LMDBError`.
    package init(folder: String, settings: StoreSettings, k: Int, threads: Int) throws {
        guard FileManager.default.fileExists(atPath: "\(folder)/data.mdb") else { throw StoreError.missing }
        lock = try StoreLock(folder: folder)
        if lock.hasLostStore(folder: folder) { throw StoreError.damaged("data.mdb is empty") }
        self.folder = folder
        wanted = settings
        self.k = k
        pool = WorkerPool(threads: threads, name: "maintenance") { [gate] in try gate.pass() }
    }

    /// Does the work.
    ///
    /// - Parameter progress: is called now and then, by the caller's thread.
    /// - Throws: ``StoreError`` where vectors or ids are not as they must be, `LMDBError` where a file can't be read or
    ///   written, `CancellationError` after ``interrupt()``. The store is then as it was.
    package func run(progress: (Progress) -> Void) throws -> Summary {
        let scratch = Self.scratch(in: folder)
        Self.removeScratch(in: folder)
        defer { Self.removeScratch(in: folder) }
        try FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let summary = try fill(scratch, progress)
        try gate.pass()
        try LMDB.Environment.moveDataFile(from: scratch, to: folder)
        return summary
    }

    /// Ends the work soon, which then throws `CancellationError`.
    package func interrupt() {
        gate.close()
    }

    /// Removes what a rebuild has left that was ended in the middle; the store must be locked.
    static func removeScratch(in folder: String) {
        try? FileManager.default.removeItem(atPath: scratch(in: folder))
    }

    private static func scratch(in folder: String) -> String { "\(folder)/rebuild.tmp" }

    /// Changed pages are kept in memory until a commit.
    static let bytesPerCommit = 128 << 20

    /// Makes the new store; both are closed when it returns.
    private func fill(_ scratch: String, _ progress: (Progress) -> Void) throws -> Summary {
        let target = try LMDB.Environment(folder: scratch, mapSize: Corpus.mapBytes)
        // The one whose damage is to be reported comes last.
        let source = try LMDB.Environment(folder: folder, mapSize: Corpus.mapBytes)
        let isNew = try !Corpus.checkIsOurs(source)
        let old = try Tables(source, making: isNew)
        let new = try Tables(target, making: true)
        let kept = try source.read { transaction in
            guard let format = try transaction.string(old.meta, "format") else { throw StoreError.notAStore }
            return try Corpus.storedSettings(format: format, old, in: transaction)
        }
        let settings = try settings(for: kept)
        var state = try source.read { try Corpus.state(old, in: $0) }
        progress(.copying)
        for (database, copy) in zip(old.independent, new.independent) {
            try source.copy(database, to: copy, of: target, bytesPerCommit: Self.bytesPerCommit, advance: gate.pass)
        }
        state.k = k
        state.generation += 1
        try derive(state, settings: settings, tables: new, in: target, progress)
        try target.write { transaction in
            try transaction.put(new.meta, "format", Corpus.format)
            try transaction.put(new.meta, "settings", try JSONEncoder().encode(settings).span)
            try transaction.put(new.meta, "state", state.encoded.span)
        }
        return Summary(
            state: state, settings: settings, bytesBefore: source.usage.usedBytes, bytes: target.usage.usedBytes)
    }

    /// The settings of the new store.
    private func settings(for kept: StoreSettings) throws -> StoreSettings {
        try kept.check(wanted)
        let least = k > kept.capacity ? StoreSettings.defaultCapacity(k: k) : kept.capacity
        let capacity = wanted.capacityIsWanted ? wanted.capacity : least
        guard k <= capacity else { throw StoreError.kBeyondCapacity(k: k, capacity: capacity) }
        return StoreSettings(metric: kept.metric, precision: kept.precision, capacity: capacity)
    }
}

extension Tables {
    /// The databases that follow from no others, beside `meta`.
    fileprivate var independent: [Database] {
        [
            images.vectors, references.vectors, images.rows, references.rows, images.ids, references.ids,
            arrivals.arrivals, arrivals.numbers, receipts, receiptNames, pending,
        ]
    }
}
