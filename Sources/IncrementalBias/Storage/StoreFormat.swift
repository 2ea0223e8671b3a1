internal import Foundation
internal import Glibc
internal import LMDB

/// The format version of a store.
///
/// An extension of ``Tables`` reads and writes the values of the table `meta`.
package enum StoreFormat {
    /// The format version that this program reads and writes.
    static let version = "5"
    /// The older versions that a rebuild can read: what it copies has the same form in them.
    private static let rebuildable = ["3", "4"]
    /// The maximum size of the data file, in bytes, unless a setting names another.
    ///
    /// LMDB reserves address space of this size, not memory.
    package static let defaultMapSize = 1 << 40

    /// Opens the environment of the store in `folder`.
    ///
    /// - Throws: ``StoreError/damaged(_:)``, ``StoreError/noAddressSpace(mapSize:)``, or `LMDBError`.
    static func open(_ folder: String, mapSize: Int) throws -> LMDB.Environment {
        do {
            return try LMDB.Environment(folder: folder, mapSize: mapSize)
        } catch let error where error.isDamage {
            throw StoreError.damaged(error.description)
        } catch let error where error.code == ENOMEM {
            throw StoreError.noAddressSpace(mapSize: mapSize)
        }
    }

    /// Checks that an environment is empty or contains a store of this format, before anything is written to it.
    ///
    /// - Parameter forRebuild: whether an older format is accepted too, which a rebuild can read.
    /// - Returns: whether it contains a store of this format. Such a store has all tables.
    /// - Throws: ``StoreError/notAStore`` or ``StoreError/unknownFormat(found:expected:)``.
    static func holdsStore(_ environment: LMDB.Environment, forRebuild: Bool = false) throws -> Bool {
        guard !environment.isEmpty else { return false }
        guard try environment.contains(Tables.first) else { throw StoreError.notAStore }
        let meta = try environment.open(Tables.first, order: .bytes, createIfMissing: false)
        return try environment.read { transaction in
            // If the first start was interrupted, the tables exist and are empty.
            guard try transaction.count(meta) > 0 else { return false }
            guard let found = try transaction.string(meta, "format") else { throw StoreError.notAStore }
            try check(found, forRebuild: forRebuild)
            return found == version
        }
    }

    /// Checks a format version.
    ///
    /// - Throws: ``StoreError/olderFormat(found:expected:)`` unless `forRebuild`,
    ///   ``StoreError/unknownFormat(found:expected:)``.
    static func check(_ found: String, forRebuild: Bool = false) throws(StoreError) {
        if rebuildable.contains(found) {
            if forRebuild { return }
            throw .olderFormat(found: found, expected: version)
        }
        guard found == version else { throw .unknownFormat(found: found, expected: version) }
    }
}

extension Tables {
    /// Writes the format version, the settings and the counters of a new store.
    func initialize(_ settings: StoreSettings, _ state: StoreState, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(meta, "format", StoreFormat.version)
        try transaction.put(meta, "settings", try JSONEncoder().encode(settings).span)
        try write(state, in: transaction)
    }

    /// The settings of the store; `nil` if the tables are empty.
    ///
    /// - Parameter forRebuild: whether an older format is accepted too.
    /// - Throws: ``StoreError/olderFormat(found:expected:)``, ``StoreError/unknownFormat(found:expected:)`` or
    ///   ``StoreError/damaged(_:)``.
    func settings(
        forRebuild: Bool = false, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> StoreSettings? {
        guard let format = try transaction.string(meta, "format") else { return nil }
        try StoreFormat.check(format, forRebuild: forRebuild)
        let stored = try transaction.bytes(meta, "settings").map { Data($0) }
        guard let stored, let settings = try? JSONDecoder().decode(StoreSettings.self, from: stored) else {
            throw StoreError.damaged("the settings can't be read")
        }
        return settings
    }

    /// The settings that clients have set; without values if there are none.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if they can't be read.
    func applied(in transaction: borrowing some Transaction & ~Copyable) throws -> AppliedSettings {
        guard let stored = try transaction.bytes(meta, "applied").map({ Data($0) }) else { return AppliedSettings() }
        guard let applied = try? JSONDecoder().decode(AppliedSettings.self, from: stored) else {
            throw StoreError.damaged("the k and alpha that clients have set can't be read")
        }
        return applied
    }

    /// Stores the settings that clients have set.
    func write(_ applied: AppliedSettings, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(meta, "applied", try JSONEncoder().encode(applied).span)
    }

    /// The counters of the store.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if they are missing or have impossible values.
    func state(in transaction: borrowing some Transaction & ~Copyable) throws -> StoreState {
        let state = try transaction.value(meta, "state") { StoreState($0) }
        guard let state, let state else { throw StoreError.damaged("the counters are missing or impossible") }
        return state
    }

    /// Stores the counters.
    func write(_ state: StoreState, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(meta, "state", state.encoded.span)
    }
}
