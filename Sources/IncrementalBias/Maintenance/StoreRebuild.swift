internal import Foundation
internal import LMDB

/// Computes anew everything that a store derives from its vectors: codes, heaps, means, thresholds, lists of free rows.
///
/// The rebuild makes a new data file in a folder of its own and renames it over the old one at the end. If it ends early,
/// the store is unchanged, and the next program that opens the store removes the rest. The rebuild holds the store's lock.
package final class StoreRebuild: Sendable {
    private let folder: String
    private let requested: RequestedSettings
    private let k: Int
    private let lock: StoreLock
    let pool: WorkerPool
    /// Nobody searches during a rebuild; closed to interrupt it.
    let priority = SearchPriority {}

    /// The progress of a rebuild.
    package enum Progress: Equatable, Sendable {
        /// Vectors, ids and receipts are being copied.
        case copying
        /// Derived data is being computed: images done, and images in all.
        case computing(done: Int, of: Int)
    }

    /// The result of a rebuild.
    package struct Summary: Equatable, Sendable {
        /// The state of the new store, whose generation is one higher.
        package let state: StoreState
        package let settings: StoreSettings
        /// The used size of the old data file, in bytes.
        package let bytesBefore: Int
        /// The used size of the new data file, in bytes.
        package let bytes: Int
    }

    /// Takes the store's lock.
    ///
    /// - Parameters:
    ///   - folder: the folder of the store.
    ///   - settings: metric and precision of the store. Without a capacity the store keeps its own, unless `k` exceeds it.
    ///   - k: how many of a heap's similarities a mean takes.
    ///   - threads: how many threads compute.
    /// - Throws: ``StoreError`` where there is no store or it is in use, or `LMDBError`.
    package init(folder: String, settings: RequestedSettings, k: Int, threads: Int) throws {
        guard FileManager.default.fileExists(atPath: "\(folder)/data.mdb") else { throw StoreError.missing }
        lock = try StoreLock(folder: folder)
        if lock.hasLostStore(folder: folder) { throw StoreError.damaged("data.mdb is empty") }
        self.folder = folder
        requested = settings
        self.k = k
        pool = WorkerPool(threads: threads, name: "maintenance") { [priority] in try priority.yieldToSearches() }
    }

    /// Rebuilds the store.
    ///
    /// - Parameter progress: called now and then, by the caller's thread.
    /// - Throws: ``StoreError`` where vectors or ids are damaged, `LMDBError` where a file can't be read or
    ///   written, `CancellationError` after ``interrupt()``. The store is then unchanged.
    package func run(progress: (Progress) -> Void) throws -> Summary {
        let scratch = Self.scratch(in: folder)
        Self.removeScratch(in: folder)
        defer { Self.removeScratch(in: folder) }
        try FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let summary = try fill(scratch, progress)
        try priority.yieldToSearches()
        try LMDB.Environment.moveDataFile(from: scratch, to: folder)
        return summary
    }

    /// Makes ``run(progress:)`` throw `CancellationError` soon.
    package func interrupt() {
        priority.close()
    }

    /// Removes the files of an interrupted rebuild; the caller must hold the store's lock.
    static func removeScratch(in folder: String) {
        try? FileManager.default.removeItem(atPath: scratch(in: folder))
    }

    private static func scratch(in folder: String) -> String { "\(folder)/rebuild.tmp" }

    /// The size of written values after which a commit ends, in bytes; its pages are in memory until then.
    static let bytesPerCommit = 128 << 20

    /// Makes the new store; both environments are closed when it returns.
    private func fill(_ scratch: String, _ progress: (Progress) -> Void) throws -> Summary {
        let target = try LMDB.Environment(folder: scratch, mapSize: StoreFormat.mapBytes)
        // Opened last: a report of damage names the folder of the environment that was opened last.
        let source = try LMDB.Environment(folder: folder, mapSize: StoreFormat.mapBytes)
        let old = try Tables(source, making: try !StoreFormat.holdsStore(source))
        let new = try Tables(target, making: true)
        guard let kept = try source.read({ try old.settings(in: $0) }) else { throw StoreError.notAStore }
        let settings = try kept.rebuilt(as: requested, k: k)
        var state = try source.read { try old.state(in: $0) }
        progress(.copying)
        for (database, copy) in zip(old.independent, new.independent) {
            try source.copy(
                database, to: copy, of: target, bytesPerCommit: Self.bytesPerCommit, advance: priority.yieldToSearches)
        }
        state.k = k
        state.generation += 1
        try derive(state, settings: settings, tables: new, in: target, progress)
        try target.write { try new.initialize(settings, state, in: $0) }
        return Summary(
            state: state, settings: settings, bytesBefore: source.usage.usedBytes, bytes: target.usage.usedBytes)
    }
}

extension Tables {
    /// The databases other than `meta` that are not derived from others.
    fileprivate var independent: [Database] {
        [
            images.vectors, references.vectors, images.rows, references.rows, images.ids, references.ids,
            arrivals.arrivals, arrivals.numbers, receipts, receiptNames, pending,
        ]
    }
}
