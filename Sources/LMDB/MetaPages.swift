internal import CLMDB
internal import Glibc

/// The meta pages: the first two pages of the data file, which commits write alternately.
enum MetaPages {
    /// Checks that the two meta pages belong to two consecutive commits.
    ///
    /// LMDB opens the commit whose meta page has the larger transaction number. If the number of the last commit were
    /// damaged, LMDB would open the commit before it without an error.
    ///
    /// - Throws: ``LMDBError`` with ``LMDBError/isDamage`` if the transaction numbers are not consecutive.
    static func check(_ environment: OpaquePointer, _ folder: String) throws(LMDBError) {
        var stat = MDB_stat()
        unsafe mdb_env_stat(environment, &stat)
        let descriptor = unsafe open("\(folder)/data.mdb", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open data.mdb") }
        defer { close(descriptor) }
        // The offset of `mm_txnid`: after the page header, and the fields of MDB_meta before it: magic, version,
        // address, map size, two databases of 48 bytes, last page.
        let offset = 16 + 4 + 4 + 8 + 8 + 2 * 48 + 8
        var numbers: [UInt64] = []
        for page in 0..<2 {
            var number: UInt64 = 0
            let count = unsafe pread(descriptor, &number, 8, off_t(page * Int(stat.ms_psize) + offset))
            guard count == 8 else {
                throw LMDBError(code: count < 0 ? errno : MDB_CORRUPTED, operation: "read data.mdb")
            }
            numbers.append(number)
        }
        // Commits with even transaction numbers write the first page.
        let areConsecutive = [numbers[0] &- numbers[1], numbers[1] &- numbers[0]].contains(1) && numbers[0] % 2 == 0
        // Both are 0 in a new file, before the first commit.
        guard areConsecutive || numbers == [0, 0] else {
            throw LMDBError(code: MDB_CORRUPTED, operation: "data.mdb has commits \(numbers[0]) and \(numbers[1])")
        }
    }
}
