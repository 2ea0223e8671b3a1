internal import CLMDB

/// A failed call to LMDB: the function, its return code, and LMDB's message.
package struct LMDBError: Error, Equatable, Sendable, CustomStringConvertible {
    /// LMDB's return code, or a system error number (see lmdb.h, "Return Codes").
    package let code: Int32
    /// The C function that failed.
    package let operation: String

    /// Makes an error from a return code and the operation that returned it.
    package init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// The error where a value has another size than it was written with.
    static func wrongSize(_ database: Database) -> LMDBError {
        LMDBError(code: MDB_CORRUPTED, operation: "a value in \(database.name) has a wrong size")
    }

    /// The error where the keys of a database are not in ascending order.
    static func wrongOrder(_ database: Database) -> LMDBError {
        LMDBError(code: MDB_CORRUPTED, operation: "the keys of \(database.name) are out of order")
    }

    /// Whether the map is full: the transaction can only be aborted, and the environment needs a larger map.
    package var isMapFull: Bool { code == MDB_MAP_FULL }

    /// Whether all slots of the table of readers are in use.
    package var isReadersFull: Bool { code == MDB_READERS_FULL }

    /// Whether the file is damaged or not an LMDB environment.
    package var isDamage: Bool {
        [MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_VERSION_MISMATCH, MDB_PANIC].contains(code)
    }

    package var description: String {
        let text = unsafe String(cString: mdb_strerror(code))
        return "\(operation): \(text) (\(code))"
    }

    /// Throws an error for every return code except success.
    ///
    /// - Throws: ``LMDBError`` for every code but `MDB_SUCCESS`.
    static func check(_ code: Int32, _ operation: String) throws(LMDBError) {
        guard code == MDB_SUCCESS else { throw LMDBError(code: code, operation: operation) }
    }

    /// Returns `true` for success and `false` for "not found"; throws as ``check(_:_:)`` does for all other codes.
    static func found(_ code: Int32, _ operation: String) throws(LMDBError) -> Bool {
        if code == MDB_NOTFOUND { return false }
        try check(code, operation)
        return true
    }
}
