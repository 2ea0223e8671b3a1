internal import CLMDB
internal import Glibc

/// A transaction that can change values.
///
/// An environment has at most one at a time.
///
/// Only the thread that began it can use it. ``Environment/write(_:)`` commits it; a transaction that goes out of scope
/// without a commit changes nothing.
@safe package struct WriteTransaction: Transaction, ~Copyable {
    package let handle: OpaquePointer
    private let written: UnsafeMutablePointer<Int>

    /// The number of bytes of values written so far.
    ///
    /// A value that is written twice counts twice.
    package var writtenBytes: Int { unsafe written.pointee }

    /// Begins a write transaction; waits until no other is open.
    ///
    /// - Parameters:
    ///   - environment: the environment.
    ///   - written: counts the bytes of written values; must stay valid as long as the transaction.
    init(_ environment: Environment, counting written: UnsafeMutablePointer<Int>) throws(LMDBError) {
        var begun: OpaquePointer?
        try unsafe LMDBError.check(mdb_txn_begin(environment.handle, nil, 0, &begun), "mdb_txn_begin")
        guard let begun = unsafe begun else { throw LMDBError(code: ENOMEM, operation: "mdb_txn_begin") }
        unsafe handle = begun
        unsafe self.written = unsafe written
    }

    deinit {
        unsafe mdb_txn_abort(handle)
    }

    /// Makes all changes durable, and visible to read transactions that begin later.
    consuming func commit() throws(LMDBError) {
        let transaction = unsafe handle
        discard self
        try unsafe LMDBError.check(mdb_txn_commit(transaction), "mdb_txn_commit")
    }

    /// Sets the value of `key`.
    package func put(_ database: Database, _ key: some Key, _ value: RawSpan) throws(LMDBError) {
        let target = try unsafe reserve(database, key, byteCount: value.byteCount)
        unsafe value.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }

    /// Sets the value of `key` to the bytes of `values`.
    package func put(_ database: Database, _ key: some Key, _ values: Span<some BitwiseCopyable>) throws(LMDBError) {
        try unsafe put(database, key, values.bytes)
    }

    /// Sets the value of `key` to the UTF-8 bytes of `value`.
    package func put(_ database: Database, _ key: some Key, _ value: String) throws(LMDBError) {
        try put(database, key, value.utf8Span.span)
    }

    /// Sets the value of `key` to the four bytes of `value`, in the machine's byte order.
    package func put(_ database: Database, _ key: some Key, _ value: UInt32) throws(LMDBError) {
        try put(database, key, CollectionOfOne(value).span)
    }

    /// Sets the value of `key` to the eight bytes of `value`, in the machine's byte order.
    package func put(_ database: Database, _ key: some Key, _ value: UInt64) throws(LMDBError) {
        try put(database, key, CollectionOfOne(value).span)
    }

    /// Sets the size of the value of `key`, and lets `body` change the bytes.
    ///
    /// - Parameters:
    ///   - database: the database.
    ///   - key: the key.
    ///   - byteCount: the new size.
    ///   - body: called with the old value, cut to `byteCount` bytes or extended by zeros; and with whether the old
    ///     value had exactly `byteCount` bytes.
    package func update(
        _ database: Database, _ key: some Key, byteCount: Int,
        _ body: (_ bytes: inout MutableRawSpan, _ hadThisSize: Bool) throws -> Void
    ) throws {
        let before = try unsafe locate(database, key)
        let hadThisSize = unsafe before?.count == byteCount
        // A small value shares its page with other values, and `reserve` can move it, so it is copied first. The pages
        // of a large value hold nothing else: they stay unchanged until the end of the transaction, or `reserve`
        // returns the same memory.
        let small = unsafe before.map { unsafe $0.count < 2048 ? Array($0) : [] } ?? []
        let target = try unsafe reserve(database, key, byteCount: byteCount)
        if !small.isEmpty {
            unsafe target.copyBytes(from: small.prefix(byteCount))
        } else if let before = unsafe before, unsafe before.baseAddress != UnsafeRawPointer(target.baseAddress) {
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: before.prefix(byteCount)))
        }
        if let start = target.baseAddress, unsafe (before?.count ?? 0) < byteCount {
            let oldCount = unsafe before?.count ?? 0
            unsafe (start + oldCount).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount - oldCount)
        }
        var span = unsafe target.mutableBytes
        try body(&span, hadThisSize)
    }

    /// Sets the value of `key` to `byteCount` bytes.
    ///
    /// - Parameter body: called with the bytes, whose content is undefined; must write all of them.
    package func overwrite(
        _ database: Database, _ key: some Key, byteCount: Int, _ body: (inout MutableRawSpan) throws -> Void
    ) throws {
        let target = try unsafe reserve(database, key, byteCount: byteCount)
        var span = unsafe target.mutableBytes
        try body(&span)
    }

    /// Removes `key` and its value.
    ///
    /// - Returns: whether the key existed.
    @discardableResult
    package func remove(_ database: Database, _ key: some Key) throws(LMDBError) -> Bool {
        try unsafe key.withMDBVal { (key) throws(LMDBError) in
            try unsafe LMDBError.found(mdb_del(handle, database.handle, &key, nil), "mdb_del")
        }
    }

    /// Removes all keys that are `first` or larger, in a database with the order ``Database/Order/integers``.
    package func removeAll(_ database: Database, from first: UInt32) throws(LMDBError) {
        let cursor = try unsafe cursor(database)
        defer { unsafe mdb_cursor_close(cursor) }
        var data = unsafe MDB_val()
        var isFound = try unsafe first.withMDBVal { (key) throws(LMDBError) in
            try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE), "mdb_cursor_get")
        }
        while isFound {
            try unsafe LMDBError.check(mdb_cursor_del(cursor, 0), "mdb_cursor_del")
            // After a deletion the cursor is already at the next key, and MDB_NEXT returns that key.
            var key = unsafe MDB_val()
            isFound = try unsafe LMDBError.found(
                mdb_cursor_get(cursor, &key, &data, MDB_NEXT), "mdb_cursor_get")
        }
    }

    /// Removes all keys in a range, in a database with the order ``Database/Order/integers``.
    package func removeAll(_ database: Database, _ keys: Range<UInt64>) throws(LMDBError) {
        let cursor = try unsafe cursor(database)
        defer { unsafe mdb_cursor_close(cursor) }
        var data = unsafe MDB_val()
        var next = try unsafe keys.lowerBound.withMDBVal { (key) throws(LMDBError) -> UInt64? in
            let found = try unsafe LMDBError.found(
                mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE), "mdb_cursor_get")
            return found ? try unsafe longNumber(of: key, database) : nil
        }
        while let key = next, key < keys.upperBound {
            try unsafe LMDBError.check(mdb_cursor_del(cursor, 0), "mdb_cursor_del")
            // After a deletion the cursor is already at the next key, and MDB_NEXT returns that key.
            var key = unsafe MDB_val()
            let found = try unsafe LMDBError.found(
                mdb_cursor_get(cursor, &key, &data, MDB_NEXT), "mdb_cursor_get")
            next = found ? try unsafe longNumber(of: key, database) : nil
        }
    }

    /// The number of eight bytes that is a key of a database with the order ``Database/Order/integers``.
    private func longNumber(of key: MDB_val, _ database: Database) throws(LMDBError) -> UInt64 {
        guard unsafe key.mv_size == 8 else { throw .wrongSize(database) }
        return unsafe UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size).loadUnaligned(as: UInt64.self)
    }

    /// Removes all keys of `database`.
    package func removeAll(_ database: Database) throws(LMDBError) {
        try unsafe LMDBError.check(mdb_drop(handle, database.handle, 0), "mdb_drop")
    }

    /// Sets the value of `key` to `byteCount` bytes with undefined content, which the caller must write.
    ///
    /// - Returns: the bytes of the value; valid until the next write.
    private func reserve(_ database: Database, _ key: some Key, byteCount: Int) throws(LMDBError)
        -> UnsafeMutableRawBufferPointer
    {
        unsafe written.pointee += byteCount
        return try unsafe key.withMDBVal { (key) throws(LMDBError) in
            var data = unsafe MDB_val(mv_size: byteCount, mv_data: nil)
            try unsafe LMDBError.check(
                mdb_put(handle, database.handle, &key, &data, UInt32(MDB_RESERVE)), "mdb_put")
            return unsafe UnsafeMutableRawBufferPointer(start: data.mv_data, count: byteCount)
        }
    }
}
