internal import Foundation
internal import LMDB

/// Computes again everything that follows from the vectors and ids of a store: codes, heaps, means, thresholds, and the
/// lists of free rows.
///
/// A rebuild creates a new data file in the folder `rebuild.tmp` and renames it over the old one at the end. If it
/// fails or is interrupted, the store is unchanged, and the next program that opens the store removes the folder. The
/// store's lock is held from `init` until this object is deallocated, so no daemon can use the store.
package final class StoreRebuild: Sendable {
    private let folder: String
    private let requested: RequestedSettings
    private let k: RequestedK
    private let lock: StoreLock
    private let mapSize: Int
    let pool: WorkerPool
    /// There are no searches during a rebuild.
    ///
    /// The object serves only to interrupt the pool, by `close()`.
    let priority = SearchPriority {}

    /// The progress of a rebuild.
    package enum Progress: Equatable, Sendable {
        /// Vectors, ids, arrivals and receipts are being copied.
        case copying
        /// Codes, heaps, means and thresholds are being computed: for `done` of the images so far, `of` in all.
        case computing(done: Int, of: Int)
    }

    /// The result of a rebuild.
    package struct Summary: Equatable, Sendable {
        /// The counters of the new store; the generation is one higher than before.
        package let state: StoreState
        package let settings: StoreSettings
        /// The used size of the old data file, in bytes.
        package let bytesBefore: Int
        /// The used size of the new data file, in bytes.
        package let bytes: Int
    }

    /// Takes the lock of the store.
    ///
    /// - Parameters:
    ///   - folder: the folder of the store.
    ///   - settings: metric and precision must be those of the store. If the capacity is `nil`, the store keeps its
    ///     capacity; if `k` exceeds it, it gets the default capacity for `k`.
    ///   - k: the number of largest similarities that a mean averages. A k that the store keeps takes precedence over
    ///     a default.
    ///   - threads: the number of threads that compute.
    ///   - mapSize: the maximum size of each data file, in bytes, for which address space is reserved.
    /// - Throws: ``StoreError`` if there is no store or another process uses it; `LMDBError` if the lock file can't be
    ///   opened.
    package init(
        folder: String, settings: RequestedSettings, k: RequestedK, threads: Int,
        mapSize: Int = StoreFormat.defaultMapSize
    ) throws {
        guard FileManager.default.fileExists(atPath: "\(folder)/data.mdb") else { throw StoreError.missing }
        lock = try StoreLock(folder: folder)
        if lock.hasLostStore(folder: folder) { throw StoreError.damaged("data.mdb is empty") }
        self.folder = folder
        requested = settings
        self.k = k
        self.mapSize = mapSize
        pool = WorkerPool(threads: threads, name: "maintenance") { [priority] in try priority.yieldToSearches() }
    }

    /// Rebuilds the store.
    ///
    /// - Parameter progress: called by the caller's thread, before copying and before each commit of derived data.
    /// - Throws: ``StoreError`` if the settings differ, or vectors or ids are damaged; `LMDBError` or a Foundation
    ///   error if a file can't be read or written; `CancellationError` after ``interrupt()``. The store is unchanged
    ///   then.
    package func run(progress: (Progress) -> Void) throws -> Summary {
        let scratch = Self.scratch(in: folder)
        Self.removeScratch(in: folder)
        defer { Self.removeScratch(in: folder) }
        try FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let summary = try buildStore(in: scratch, progress)
        try priority.yieldToSearches()
        try LMDB.Environment.moveDataFile(from: scratch, to: folder)
        return summary
    }

    /// Makes ``run(progress:)`` throw `CancellationError` soon.
    package func interrupt() {
        priority.close()
    }

    /// Removes the folder that an interrupted rebuild left.
    ///
    /// The caller must hold the lock of the store.
    static func removeScratch(in folder: String) {
        try? FileManager.default.removeItem(atPath: scratch(in: folder))
    }

    /// The path of the folder for the new data file.
    private static func scratch(in folder: String) -> String { "\(folder)/rebuild.tmp" }

    /// The number of bytes written after which a commit ends.
    ///
    /// LMDB keeps changed pages in memory until the commit.
    static let bytesPerCommit = 128 << 20

    /// Builds the new store in the folder `scratch`.
    ///
    /// Both environments are closed when it returns.
    private func buildStore(in scratch: String, _ progress: (Progress) -> Void) throws -> Summary {
        let target = try StoreFormat.open(scratch, mapSize: mapSize)
        // The old store is opened last, because a report of damage names the environment that was opened last.
        let source = try StoreFormat.open(folder, mapSize: mapSize)
        // A store of an older format lacks tables; they are created empty.
        let old = try Tables(source, createIfMissing: try !StoreFormat.holdsStore(source, forRebuild: true))
        let new = try Tables(target, createIfMissing: true)
        let stored = try source.read { try old.settings(forRebuild: true, in: $0) }
        guard let oldSettings = stored else { throw StoreError.notAStore }
        let applied = try source.read { try old.applied(in: $0) }
        let k = self.k.value(in: applied)
        let settings = try oldSettings.rebuilt(as: requested, k: k)
        var state = try source.read { try old.state(in: $0) }
        progress(.copying)
        for (database, copy) in zip(old.notDerived, new.notDerived) {
            try source.copy(
                database, to: copy, of: target, bytesPerCommit: Self.bytesPerCommit,
                afterEachCommit: priority.yieldToSearches)
        }
        state.k = k
        state.generation += 1
        try derive(state, settings: settings, tables: new, in: target, progress)
        try target.write { transaction in
            try new.initialize(settings, state, in: transaction)
            if applied != AppliedSettings() { try new.write(applied, in: transaction) }
        }
        return Summary(
            state: state, settings: settings, bytesBefore: source.usage.usedBytes, bytes: target.usage.usedBytes)
    }
}

extension Tables {
    /// The databases that a rebuild copies: all but `meta` and those that are computed from others.
    fileprivate var notDerived: [Database] {
        [
            images.vectors, references.vectors, images.rows, references.rows, images.ids, references.ids,
            arrivals.arrivals, arrivals.numbers, receipts, receiptNames, pending,
        ]
    }
}
