internal import CLMDB
internal import Glibc

/// A transaction that can change values; an environment has one at a time.
///
/// It belongs to the thread that began it. ``Environment/write(_:)`` commits it; a transaction that goes out of scope
/// is undone.
@safe package struct WriteTransaction: Transaction, ~Copyable {
    package let handle: OpaquePointer
    private let written: UnsafeMutablePointer<Int>

    /// The bytes of values written so far.
    package var writtenBytes: Int { unsafe written.pointee }

    /// - Parameter written: the counter of written bytes; it must outlive the transaction.
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

    /// Makes all changes durable, and visible to reads that begin later.
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

    /// Changes the value of `key` in place and sets its size to `count` bytes.
    ///
    /// The bytes are those that the key had before, up to `count`, then zeros.
    ///
    /// - Parameter body: called with the bytes and with whether the key had a value of this size before.
    package func update(
        _ database: Database, _ key: some Key, count: Int, _ body: (inout MutableRawSpan, Bool) throws -> Void
    ) throws {
        let before = try unsafe locate(database, key)
        let existed = unsafe before?.count == count
        // A value on pages of its own stays in place until the transaction ends, or is reused in place. A small value
        // shares its page with others, and the write below can move it: copy it first.
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

    /// Sets the value of `key` to `count` bytes, all of which `body` must write.
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
        var isFound = try unsafe first.withValue { (key) throws(LMDBError) in
            try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE), "mdb_cursor_get")
        }
        while isFound {
            try unsafe LMDBError.check(mdb_cursor_del(cursor, 0), "mdb_cursor_del")
            // The cursor is at the next key already, and the next step returns that one.
            var key = unsafe MDB_val()
            isFound = try unsafe LMDBError.found(
                mdb_cursor_get(cursor, &key, &data, MDB_NEXT), "mdb_cursor_get")
        }
    }

    /// Removes every key of `database`.
    package func removeAll(_ database: Database) throws(LMDBError) {
        try unsafe LMDBError.check(mdb_drop(handle, database.handle, 0), "mdb_drop")
    }

    /// Reserves `count` bytes as the value of `key`; their content is undefined, and they are valid until the next
    /// write.
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
