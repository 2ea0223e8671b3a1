internal import CLMDB
internal import Glibc

/// A check that the data file has not been cut short.
enum DataFileLength {
    /// Checks that no page in use is beyond the end of the data file.
    ///
    /// LMDB doesn't check this, and to read such a page through the map would end the process with SIGBUS. A valid file
    /// can end before its last page number: if the last pages were freed in the transaction that allocated them, LMDB
    /// never wrote them. All missing pages must then be in LMDB's list of free pages.
    ///
    /// - Throws: ``LMDBError`` with ``LMDBError/isDamage`` if the file was cut short; with a system error number if it
    ///   can't be opened or lengthened.
    static func check(_ environment: OpaquePointer, _ folder: String) throws(LMDBError) {
        var info = unsafe MDB_envinfo()
        unsafe mdb_env_info(environment, &info)
        var stat = MDB_stat()
        unsafe mdb_env_stat(environment, &stat)
        let pageSize = Int(stat.ms_psize)
        let expected = unsafe (info.me_last_pgno + 1) * pageSize
        let descriptor = unsafe open("\(folder)/data.mdb", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open data.mdb") }
        defer { close(descriptor) }
        let length = Int(lseek(descriptor, 0, SEEK_END))
        guard length < expected else { return }
        // The list itself can be in the missing part. The file is lengthened so that LMDB can read it: the missing part
        // then contains zeros, which LMDB reports as damage.
        guard ftruncate(descriptor, expected) == 0 else { throw LMDBError(code: errno, operation: "lengthen data.mdb") }
        let missing = length / pageSize..<expected / pageSize
        var free = 0
        do throws(LMDBError) {
            free = try unsafe countFreePages(environment, in: missing)
        } catch {
            // If the error is damage, a page of the list is missing; `free` is then 0.
            if !error.isDamage {
                ftruncate(descriptor, length)
                throw error
            }
        }
        guard free == missing.count else {
            ftruncate(descriptor, length)
            throw LMDBError(code: MDB_CORRUPTED, operation: "data.mdb has \(length) of \(expected) bytes")
        }
    }

    /// The number of `pages` that are in LMDB's list of free pages.
    private static func countFreePages(_ environment: OpaquePointer, in pages: Range<Int>) throws(LMDBError) -> Int {
        var transaction: OpaquePointer?
        try unsafe LMDBError.check(
            mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &transaction), "mdb_txn_begin")
        defer { unsafe mdb_txn_abort(transaction) }
        var cursor: OpaquePointer?
        // LMDB keeps the list in its database 0: transaction number -> the number of pages, then the page numbers.
        try unsafe LMDBError.check(mdb_cursor_open(transaction, 0, &cursor), "mdb_cursor_open")
        defer { unsafe mdb_cursor_close(cursor) }
        var key = unsafe MDB_val()
        var value = unsafe MDB_val()
        var count = 0
        while try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &value, MDB_NEXT), "mdb_cursor_get") {
            let words = unsafe UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
            for offset in stride(from: 8, to: words.count - 7, by: 8)
            where unsafe pages.contains(words.loadUnaligned(fromByteOffset: offset, as: Int.self)) {
                count += 1
            }
        }
        return count
    }
}
