internal import Foundation
internal import LMDB

/// The format version of a store, and the values of its table `meta`.
enum StoreFormat {
    /// The format version that this program reads and writes.
    static let version = "3"
    /// The largest size of the data file in bytes.
    ///
    /// LMDB reserves that much address space, not memory.
    static let mapBytes = 1 << 40

    /// Checks that an environment is empty or a store of this format, before anything is written to it.
    ///
    /// - Returns: whether it holds a store, which then has all tables.
    /// - Throws: ``StoreError/notAStore`` or ``StoreError/unknownFormat(found:expected:)``.
    static func holdsStore(_ environment: LMDB.Environment) throws -> Bool {
        guard !environment.isEmpty else { return false }
        guard try environment.contains(Tables.first) else { throw StoreError.notAStore }
        let meta = try environment.open(Tables.first, order: .bytes, making: false)
        return try environment.read { transaction in
            // A first start that was interrupted leaves tables without values.
            guard try transaction.count(meta) > 0 else { return false }
            guard let found = try transaction.string(meta, "format") else { throw StoreError.notAStore }
            try check(found)
            return true
        }
    }

    /// Checks a format version.
    ///
    /// - Throws: ``StoreError/unknownFormat(found:expected:)``.
    static func check(_ found: String) throws(StoreError) {
        guard found == version else { throw .unknownFormat(found: found, expected: version) }
    }
}

extension Tables {
    /// Writes format version, settings and state of a new store.
    func initialize(_ settings: StoreSettings, _ state: StoreState, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(meta, "format", StoreFormat.version)
        try transaction.put(meta, "settings", try JSONEncoder().encode(settings).span)
        try write(state, in: transaction)
    }

    /// The settings of the store; `nil` where none has been made.
    ///
    /// - Throws: ``StoreError``.
    func settings(in transaction: borrowing some Transaction & ~Copyable) throws -> StoreSettings? {
        guard let format = try transaction.string(meta, "format") else { return nil }
        try StoreFormat.check(format)
        let stored = try transaction.bytes(meta, "settings").map { Data($0) }
        guard let stored, let settings = try? JSONDecoder().decode(StoreSettings.self, from: stored) else {
            throw StoreError.damaged("the settings can't be read")
        }
        return settings
    }

    /// The state of the store.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` where it is missing or can't have been written.
    func state(in transaction: borrowing some Transaction & ~Copyable) throws -> StoreState {
        let state = try transaction.value(meta, "state") { StoreState($0) }
        guard let state, let state else { throw StoreError.damaged("the state is missing, or was never written so") }
        return state
    }

    /// Stores the state.
    func write(_ state: StoreState, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(meta, "state", state.encoded.span)
    }
}
