internal import CLMDB
internal import Glibc

/// The length of the data file, compared with the pages that are in use.
enum DataFileLength {
    /// Checks that no page in use lies behind the end of the data file.
    ///
    /// LMDB doesn't check it, and reading such a page through the map would end the process (SIGBUS). A valid file can
    /// be shorter than the number of its last page says, where the last pages were freed in the transaction that
    /// allocated them: those must all be on the list of free pages.
    ///
    /// - Throws: ``LMDBError`` for which ``LMDBError/isDamage`` is true where the file is cut short.
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
        // The list must be readable wherever it lies: the missing part reads as zeros, which no page of a tree is.
        guard ftruncate(descriptor, expected) == 0 else { throw LMDBError(code: errno, operation: "lengthen data.mdb") }
        let missing = length / pageSize..<expected / pageSize
        var free = 0
        do throws(LMDBError) {
            free = try unsafe countFreePages(environment, in: missing)
        } catch {
            // A page of the list itself may be missing; then there is nothing to count.
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

    /// The number of `pages` that are on the list of free pages.
    private static func countFreePages(_ environment: OpaquePointer, in pages: Range<Int>) throws(LMDBError) -> Int {
        var transaction: OpaquePointer?
        try unsafe LMDBError.check(
            mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &transaction), "mdb_txn_begin")
        defer { unsafe mdb_txn_abort(transaction) }
        var cursor: OpaquePointer?
        // LMDB keeps the list in its database 0: the number of a transaction -> how many pages, then their numbers.
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
