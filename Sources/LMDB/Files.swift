internal import CLMDB
internal import Glibc

/// Checks that no page in use lies behind the end of the data file.
///
/// LMDB doesn't ask, and reading such a page through the map would end the process (SIGBUS). A file may be shorter than
/// the number of its last page says, where the last pages were freed in the transaction that took them: those must all
/// be on the list of free pages.
///
/// - Throws: ``LMDBError`` for which ``LMDBError/isDamage`` is true where the file is cut short.
func checkLength(_ environment: OpaquePointer, _ folder: String) throws(LMDBError) {
    var info = unsafe MDB_envinfo()
    unsafe mdb_env_info(environment, &info)
    var stat = MDB_stat()
    unsafe mdb_env_stat(environment, &stat)
    let pageSize = Int(stat.ms_psize)
    let wanted = unsafe (info.me_last_pgno + 1) * pageSize
    let descriptor = unsafe open("\(folder)/data.mdb", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open data.mdb") }
    defer { close(descriptor) }
    let length = Int(lseek(descriptor, 0, SEEK_END))
    guard length < wanted else { return }
    // So that the list can be read, wherever it lies: what was cut off reads as zeros, which no page of a tree is.
    guard ftruncate(descriptor, wanted) == 0 else { throw LMDBError(code: errno, operation: "lengthen data.mdb") }
    let missing = length / pageSize..<wanted / pageSize
    var free = 0
    do throws(LMDBError) {
        free = try unsafe countFreePages(environment, in: missing)
    } catch {
        // A page of the list itself may be gone; then there is nothing to count.
        if !error.isDamage {
            ftruncate(descriptor, length)
            throw error
        }
    }
    guard free == missing.count else {
        ftruncate(descriptor, length)
        throw LMDBError(code: MDB_CORRUPTED, operation: "data.mdb has \(length) of \(wanted) bytes")
    }
}

/// Checks that the first two pages of the data file, of which each commit writes one, are those of two commits in a row.
///
/// LMDB goes by the one with the larger number. Were that of the other damaged, it would take the last commit but one for
/// the last, and nobody would know.
///
/// - Throws: ``LMDBError`` for which ``LMDBError/isDamage`` is true where they can't be.
func checkMetaPages(_ environment: OpaquePointer, _ folder: String) throws(LMDBError) {
    var stat = MDB_stat()
    unsafe mdb_env_stat(environment, &stat)
    let descriptor = unsafe open("\(folder)/data.mdb", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open data.mdb") }
    defer { close(descriptor) }
    // A page's header, then magic, version, address, size, two databases of 48 bytes, last page (struct MDB_meta).
    let offset = 16 + 4 + 4 + 8 + 8 + 2 * 48 + 8
    var numbers: [UInt64] = []
    for page in 0..<2 {
        var number: UInt64 = 0
        let count = unsafe pread(descriptor, &number, 8, off_t(page * Int(stat.ms_psize) + offset))
        guard count == 8 else { throw LMDBError(code: count < 0 ? errno : MDB_CORRUPTED, operation: "read data.mdb") }
        numbers.append(number)
    }
    // Those with even numbers write the first page.
    let areNeighbours = [numbers[0] &- numbers[1], numbers[1] &- numbers[0]].contains(1) && numbers[0] % 2 == 0
    guard areNeighbours || numbers == [0, 0] else {
        throw LMDBError(code: MDB_CORRUPTED, operation: "data.mdb has commits \(numbers[0]) and \(numbers[1])")
    }
}

extension Environment {
    /// Lets the data file in one folder take the place of the one in another, durably; nobody may have either open.
    ///
    /// Both folders must be on one file system. What was there is gone at the same moment.
    package static func moveDataFile(from folder: String, to target: String) throws(LMDBError) {
        guard unsafe rename("\(folder)/data.mdb", "\(target)/data.mdb") == 0 else {
            throw LMDBError(code: errno, operation: "rename data.mdb")
        }
        let descriptor = unsafe Glibc.open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open \(target)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw LMDBError(code: errno, operation: "sync \(target)") }
    }
}

/// Gives the lock file its room before LMDB maps it: on a full disk the first use of a page without room would end the
/// process (SIGBUS).
func allocateLockFile(_ folder: String, mode: UInt32) throws(LMDBError) {
    let descriptor = unsafe open("\(folder)/lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open lock.mdb") }
    defer { close(descriptor) }
    // What LMDB takes for 126 readers, in whole pages.
    let failure = posix_fallocate(descriptor, 0, 8192)
    guard failure == 0 else { throw LMDBError(code: failure, operation: "make room for lock.mdb") }
}

/// How many of `pages` are on the list of free ones.
private func countFreePages(_ environment: OpaquePointer, in pages: Range<Int>) throws(LMDBError) -> Int {
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
