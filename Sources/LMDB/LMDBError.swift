internal import CLMDB

/// A call to LMDB that failed: which one, with which return code, and LMDB's own words for it.
package struct LMDBError: Error, Equatable, Sendable, CustomStringConvertible {
    /// LMDB's return code, or a system error number (see lmdb.h, "Return Codes").
    package let code: Int32
    /// The C function that failed.
    package let operation: String

    package init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// A value has a size that it was not written with.
    static func wrongSize(_ database: Database) -> LMDBError {
        LMDBError(code: MDB_CORRUPTED, operation: "a value in \(database.name) has a wrong size")
    }

    /// The keys of a database don't rise.
    static func wrongOrder(_ database: Database) -> LMDBError {
        LMDBError(code: MDB_CORRUPTED, operation: "the keys of \(database.name) are out of order")
    }

    /// The map is full: the transaction is dead and the environment needs a larger map.
    package var isMapFull: Bool { code == MDB_MAP_FULL }

    /// As many readers are at work as there is room for.
    package var isReadersFull: Bool { code == MDB_READERS_FULL }

    /// The file is not an LMDB environment, or one that is damaged.
    package var isDamage: Bool {
        [MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_VERSION_MISMATCH, MDB_PANIC].contains(code)
    }

    package var description: String {
        let text = unsafe String(cString: mdb_strerror(code))
        return "\(operation): \(text) (\(code))"
    }

    /// Turns a return code into an error; success passes.
    ///
    /// - Throws: ``LMDBError`` for every code but `MDB_SUCCESS`.
    static func check(_ code: Int32, _ operation: String) throws(LMDBError) {
        guard code == MDB_SUCCESS else { throw LMDBError(code: code, operation: operation) }
    }

    /// Like ``check(_:_:)``, with "not found" as `false` instead of an error.
    static func found(_ code: Int32, _ operation: String) throws(LMDBError) -> Bool {
        if code == MDB_NOTFOUND { return false }
        try check(code, operation)
        return true
    }
}
