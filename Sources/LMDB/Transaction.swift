internal import CLMDB
internal import Glibc

/// A read or write transaction.
///
/// Its extension has the methods that read.
package protocol Transaction: ~Copyable {
    /// The `MDB_txn`.
    @unsafe var handle: OpaquePointer { get }
}

/// A read transaction: a snapshot of all databases.
///
/// It ends when it goes out of scope.
@safe package struct ReadTransaction: Transaction, ~Copyable {
    package let handle: OpaquePointer

    init(_ environment: Environment) throws(LMDBError) {
        var begun: OpaquePointer?
        try unsafe LMDBError.check(
            mdb_txn_begin(environment.handle, nil, UInt32(MDB_RDONLY), &begun), "mdb_txn_begin")
        guard let begun = unsafe begun else { throw LMDBError(code: ENOMEM, operation: "mdb_txn_begin") }
        unsafe handle = begun
    }

    deinit {
        unsafe mdb_txn_abort(handle)
    }
}

extension Transaction where Self: ~Copyable {
    /// Calls `body` with the value of `key`, without a copy.
    ///
    /// - Parameter body: must not use the bytes after it returns.
    /// - Returns: what `body` returns; `nil` if the key has no value.
    package func value<R>(_ database: Database, _ key: some Key, _ body: (RawSpan) throws -> R) throws -> R? {
        guard let bytes = try unsafe locate(database, key) else { return nil }
        return try unsafe body(bytes.bytes)
    }

    /// The value of `key` as UTF-8 text; `nil` if the key has no value.
    ///
    /// Invalid bytes become U+FFFD.
    package func string(_ database: Database, _ key: some Key) throws(LMDBError) -> String? {
        guard let bytes = try unsafe locate(database, key) else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// A copy of the value of `key`; `nil` if the key has no value.
    package func bytes(_ database: Database, _ key: some Key) throws(LMDBError) -> [UInt8]? {
        guard let bytes = try unsafe locate(database, key) else { return nil }
        return unsafe Array(bytes)
    }

    /// The value of `key`, without a copy; `nil` if the key has no value.
    ///
    /// It is valid until the transaction ends or writes.
    func locate(_ database: Database, _ key: some Key) throws(LMDBError) -> UnsafeRawBufferPointer? {
        try unsafe key.withMDBVal { (key) throws(LMDBError) in
            var data = unsafe MDB_val()
            guard try unsafe LMDBError.found(mdb_get(handle, database.handle, &key, &data), "mdb_get") else {
                return nil
            }
            return unsafe UnsafeRawBufferPointer(start: data.mv_data, count: data.mv_size)
        }
    }

    /// Whether `key` has a value.
    package func contains(_ database: Database, _ key: some Key) throws(LMDBError) -> Bool {
        try unsafe locate(database, key) != nil
    }

    /// The number of keys in `database`.
    package func count(_ database: Database) throws(LMDBError) -> Int {
        var stat = MDB_stat()
        try unsafe LMDBError.check(mdb_stat(handle, database.handle, &stat), "mdb_stat")
        return stat.ms_entries
    }

    /// The values of `keys`, without copies.
    ///
    /// - Parameters:
    ///   - database: the database to read.
    ///   - keys: the keys, in any order.
    ///   - byteCount: the size in bytes that every value must have.
    /// - Returns: one value for each key, in the order of `keys`; an empty value for a key without a value.
    /// - Throws: ``LMDBError``, with ``LMDBError/isDamage`` if a value has another size.
    package func mapped(_ database: Database, _ keys: some Sequence<UInt32>, byteCount: Int) throws(LMDBError)
        -> MappedValues
    {
        var mapped = MappedValues()
        for key in keys {
            guard let value = try unsafe locate(database, key) else {
                unsafe mapped.append(UnsafeRawBufferPointer(start: nil, count: 0))
                continue
            }
            guard value.count == byteCount else { throw .wrongSize(database) }
            unsafe mapped.append(value)
        }
        return mapped
    }

    /// The values of `keys`, without copies, whatever their sizes.
    ///
    /// - Returns: one value for each key, in the order of `keys`; an empty value for a key without a value.
    package func mapped(_ database: Database, _ keys: some Sequence<UInt64>) throws(LMDBError) -> MappedValues {
        var mapped = MappedValues()
        for key in keys {
            let value = try unsafe locate(database, key)
            unsafe mapped.append(value ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return mapped
    }

    /// The values of consecutive keys, without copies.
    ///
    /// It searches the B-tree once, and not for each key.
    ///
    /// - Parameters:
    ///   - database: the database to read.
    ///   - keys: the keys.
    ///   - byteCount: the size in bytes that every value must have.
    /// - Returns: one value for each key, in order; an empty value for a key without a value.
    /// - Throws: ``LMDBError``, with ``LMDBError/isDamage`` if a value has another size.
    package func mapped(_ database: Database, _ keys: Range<UInt32>, byteCount: Int) throws(LMDBError) -> MappedValues {
        try mapped(database, [keys], byteCount: byteCount)
    }

    /// The values of several ranges of consecutive keys, without copies, one range after another.
    ///
    /// It searches the B-tree once for each range.
    ///
    /// - Parameters:
    ///   - database: the database to read.
    ///   - ranges: the keys.
    ///   - byteCount: the size in bytes that every value must have.
    /// - Returns: one value for each key, in order; an empty value for a key without a value.
    /// - Throws: ``LMDBError``, with ``LMDBError/isDamage`` if a value has another size.
    package func mapped(_ database: Database, _ ranges: [Range<UInt32>], byteCount: Int) throws(LMDBError)
        -> MappedValues
    {
        var mapped = MappedValues()
        mapped.reserve(ranges.reduce(0) { $0 + $1.count })
        guard !ranges.isEmpty else { return mapped }
        let cursor = try unsafe cursor(database)
        defer { unsafe mdb_cursor_close(cursor) }
        for range in ranges { try unsafe append(range, of: database, byteCount: byteCount, cursor, to: &mapped) }
        return mapped
    }

    /// Appends the values of consecutive keys.
    private func append(
        _ keys: Range<UInt32>, of database: Database, byteCount: Int, _ cursor: OpaquePointer,
        to mapped: inout MappedValues
    ) throws(LMDBError) {
        guard let first = keys.first else { return }
        var data = unsafe MDB_val()
        var next = try unsafe first.withMDBVal { (key) throws(LMDBError) -> UInt32? in
            let found = try unsafe LMDBError.found(
                mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE), "mdb_cursor_get")
            return found ? try unsafe number(of: key, database) : nil
        }
        for wanted in keys {
            guard next == wanted else {
                unsafe mapped.append(UnsafeRawBufferPointer(start: nil, count: 0))
                continue
            }
            guard unsafe data.mv_size == byteCount else { throw .wrongSize(database) }
            unsafe mapped.append(UnsafeRawBufferPointer(start: data.mv_data, count: data.mv_size))
            guard wanted + 1 < keys.upperBound else { break }
            var key = unsafe MDB_val()
            let found = try unsafe LMDBError.found(
                mdb_cursor_get(cursor, &key, &data, MDB_NEXT), "mdb_cursor_get")
            next = found ? try unsafe number(of: key, database) : nil
        }
    }

    /// Whether a database with the order ``Database/Order/integers`` has a key that is `first` or larger.
    package func hasKeys(_ database: Database, from first: UInt32) throws(LMDBError) -> Bool {
        let cursor = try unsafe cursor(database)
        defer { unsafe mdb_cursor_close(cursor) }
        return try unsafe first.withMDBVal { (key) throws(LMDBError) in
            var data = unsafe MDB_val()
            return try unsafe LMDBError.found(
                mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE), "mdb_cursor_get")
        }
    }

    /// Calls `body` for each key, in ascending order; in descending order if `backwards` is true.
    ///
    /// - Parameter body: called with a key and its value, which are valid only during the call; returns whether to
    ///   continue.
    package func forEach(
        _ database: Database, backwards: Bool = false, _ body: (_ key: RawSpan, _ value: RawSpan) throws -> Bool
    ) throws {
        let cursor = try unsafe cursor(database)
        defer { unsafe mdb_cursor_close(cursor) }
        var key = unsafe MDB_val()
        var data = unsafe MDB_val()
        var move = backwards ? MDB_LAST : MDB_FIRST
        while try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &data, move), "mdb_cursor_get") {
            let keyBytes = unsafe UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size)
            let dataBytes = unsafe UnsafeRawBufferPointer(start: data.mv_data, count: data.mv_size)
            guard try unsafe body(keyBytes.bytes, dataBytes.bytes) else { return }
            move = backwards ? MDB_PREV : MDB_NEXT
        }
    }

    /// Calls `body` for each key after `start`, in ascending order; `start` need not be a key of the database.
    ///
    /// - Parameter body: called with a key and its value, which are valid only during the call; returns whether to
    ///   continue.
    package func forEach(
        _ database: Database, after start: some Key, _ body: (_ key: RawSpan, _ value: RawSpan) throws -> Bool
    ) throws {
        let cursor = try unsafe cursor(database)
        defer { unsafe mdb_cursor_close(cursor) }
        var key = unsafe MDB_val()
        var data = unsafe MDB_val()
        var isFound = try unsafe start.withMDBVal { (wanted) throws(LMDBError) -> Bool in
            unsafe key = wanted
            guard try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE), "mdb_cursor_get")
            else { return false }
            guard unsafe mdb_cmp(handle, database.handle, &wanted, &key) == 0 else { return true }
            return try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &data, MDB_NEXT), "mdb_cursor_get")
        }
        while isFound {
            let keyBytes = unsafe UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size)
            let dataBytes = unsafe UnsafeRawBufferPointer(start: data.mv_data, count: data.mv_size)
            guard try unsafe body(keyBytes.bytes, dataBytes.bytes) else { return }
            isFound = try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &data, MDB_NEXT), "mdb_cursor_get")
        }
    }

    /// The number that is a key of a database with the order ``Database/Order/integers``.
    private func number(of key: MDB_val, _ database: Database) throws(LMDBError) -> UInt32 {
        guard unsafe key.mv_size == 4 else { throw .wrongSize(database) }
        return unsafe UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size).loadUnaligned(as: UInt32.self)
    }

    /// Opens a cursor, which the caller must close.
    func cursor(_ database: Database) throws(LMDBError) -> OpaquePointer {
        var opened: OpaquePointer?
        try unsafe LMDBError.check(mdb_cursor_open(handle, database.handle, &opened), "mdb_cursor_open")
        guard let cursor = unsafe opened else { throw LMDBError(code: ENOMEM, operation: "mdb_cursor_open") }
        return unsafe cursor
    }
}
