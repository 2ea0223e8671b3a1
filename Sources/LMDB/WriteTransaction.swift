internal import CLMDB
internal import Glibc

/// The one transaction that can change values.
///
/// Bound to the thread that began it. ``Environment/write(_:)`` commits it; going out of scope undoes it.
@safe package struct WriteTransaction: Transaction, ~Copyable {
    package let handle: OpaquePointer
    private let written: UnsafeMutablePointer<Int>

    /// Bytes of values written so far.
    package var writtenBytes: Int { unsafe written.pointee }

    /// - Parameter written: where to count bytes; it must outlive the transaction.
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

    /// Makes everything written durable and visible to reads that begin later.
    consuming func commit() throws(LMDBError) {
        let transaction = unsafe handle
        discard self
        try unsafe LMDBError.check(mdb_txn_commit(transaction), "mdb_txn_commit")
    }

    /// Sets the value of `key`.
    package func put(_ database: Database, _ key: some Key, _ value: RawSpan) throws(LMDBError) {
        let target = try unsafe reserve(database, key, count: value.byteCount)
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

    /// Sets the value of `key` to the four native bytes of `value`.
    package func put(_ database: Database, _ key: some Key, _ value: UInt32) throws(LMDBError) {
        try put(database, key, CollectionOfOne(value).span)
    }

    /// Sets the value of `key` to the eight native bytes of `value`.
    package func put(_ database: Database, _ key: some Key, _ value: UInt64) throws(LMDBError) {
        try put(database, key, CollectionOfOne(value).span)
    }

    /// Changes the value of `key` in place: `count` bytes, what it held before first, zeros where it held less.
    ///
    /// - Parameter body: called with the bytes and whether the key had a value of this size before.
    package func update(
        _ database: Database, _ key: some Key, count: Int, _ body: (inout MutableRawSpan, Bool) throws -> Void
    ) throws {
        let before = try unsafe locate(database, key)
        let existed = unsafe before?.count == count
        // A value on a page of its own stays where it is until the transaction ends, or is reused in place. A small
        // one shares its page with others, which the write below may move: keep a copy of it.
        let small = unsafe before.map { unsafe $0.count < 2048 ? Array($0) : [] } ?? []
        let target = try unsafe reserve(database, key, count: count)
        if !small.isEmpty {
            unsafe target.copyBytes(from: small.prefix(count))
        } else if let before = unsafe before, unsafe before.baseAddress != UnsafeRawPointer(target.baseAddress) {
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: before.prefix(count)))
        }
        if let end = target.baseAddress, unsafe (before?.count ?? 0) < count {
            let held = unsafe before?.count ?? 0
            unsafe (end + held).initializeMemory(as: UInt8.self, repeating: 0, count: count - held)
        }
        var span = unsafe target.mutableBytes
        try body(&span, existed)
    }

    /// Sets the value of `key` to `count` bytes that `body` writes, all of them.
    package func overwrite(
        _ database: Database, _ key: some Key, count: Int, _ body: (inout MutableRawSpan) throws -> Void
    ) throws {
        let target = try unsafe reserve(database, key, count: count)
        var span = unsafe target.mutableBytes
        try body(&span)
    }

    /// Removes `key`.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    package func remove(_ database: Database, _ key: some Key) throws(LMDBError) -> Bool {
        try unsafe key.withValue { (key) throws(LMDBError) in
            try unsafe LMDBError.found(mdb_del(handle, database.handle, &key, nil), "mdb_del")
        }
    }

    /// Removes every key from `first` on, in a database of ``Database/Order/integers``.
    package func removeAll(_ database: Database, from first: UInt32) throws(LMDBError) {
        let cursor = try unsafe cursor(database)
        defer { unsafe mdb_cursor_close(cursor) }
        var data = unsafe MDB_val()
        var isThere = try unsafe first.withValue { (key) throws(LMDBError) in
            try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE), "mdb_cursor_get")
        }
        while isThere {
            try unsafe LMDBError.check(mdb_cursor_del(cursor, 0), "mdb_cursor_del")
            // The cursor stands at the one after, which the next step takes.
            var key = unsafe MDB_val()
            isThere = try unsafe LMDBError.found(
                mdb_cursor_get(cursor, &key, &data, MDB_NEXT), "mdb_cursor_get")
        }
    }

    /// Removes every key of `database`.
    package func removeAll(_ database: Database) throws(LMDBError) {
        try unsafe LMDBError.check(mdb_drop(handle, database.handle, 0), "mdb_drop")
    }

    /// Makes room for `count` bytes under `key`: what they hold is not defined, and they are valid until the next write.
    private func reserve(_ database: Database, _ key: some Key, count: Int) throws(LMDBError)
        -> UnsafeMutableRawBufferPointer
    {
        unsafe written.pointee += count
        return try unsafe key.withValue { (key) throws(LMDBError) in
            var data = unsafe MDB_val(mv_size: count, mv_data: nil)
            try unsafe LMDBError.check(
                mdb_put(handle, database.handle, &key, &data, UInt32(MDB_RESERVE)), "mdb_put")
            return unsafe UnsafeMutableRawBufferPointer(start: data.mv_data, count: count)
        }
    }
}
