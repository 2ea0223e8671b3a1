internal import CLMDB

/// A failed call to LMDB, or a failed check of its files.
package struct LMDBError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A return code of LMDB (see lmdb.h, "Return Codes"), or a system error number.
    package let code: Int32
    /// The C function that failed, or a phrase that says what was wrong.
    package let operation: String

    /// Creates an error.
    package init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// The error for a key or value whose size differs from the size of all others of the table.
    static func wrongSize(_ database: Database) -> LMDBError {
        LMDBError(code: MDB_CORRUPTED, operation: "a key or value in \(database.name) has a wrong size")
    }

    /// The error for keys that are not in ascending order.
    static func wrongOrder(_ database: Database) -> LMDBError {
        LMDBError(code: MDB_CORRUPTED, operation: "the keys of \(database.name) are out of order")
    }

    /// Whether the map is full: the data file has its maximum size and no free page.
    package var isMapFull: Bool { code == MDB_MAP_FULL }

    /// Whether the maximum number of read transactions is open.
    package var isReadersFull: Bool { code == MDB_READERS_FULL }

    /// Whether the data file is damaged, or not one of LMDB.
    package var isDamage: Bool {
        [MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_VERSION_MISMATCH, MDB_PANIC].contains(code)
    }

    package var description: String {
        let text = unsafe String(cString: mdb_strerror(code))
        return "\(operation): \(text) (\(code))"
    }

    /// Checks a return code.
    ///
    /// - Throws: ``LMDBError`` for every code except `MDB_SUCCESS`.
    static func check(_ code: Int32, _ operation: String) throws(LMDBError) {
        guard code == MDB_SUCCESS else { throw LMDBError(code: code, operation: operation) }
    }

    /// Checks the return code of a lookup.
    ///
    /// - Returns: `true` for `MDB_SUCCESS`, `false` for `MDB_NOTFOUND`.
    /// - Throws: ``LMDBError`` for every other code.
    static func found(_ code: Int32, _ operation: String) throws(LMDBError) -> Bool {
        if code == MDB_NOTFOUND { return false }
        try check(code, operation)
        return true
    }
}
