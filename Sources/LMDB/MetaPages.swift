internal import CLMDB
internal import Glibc

/// The first two pages of the data file: each commit writes one of them in turn.
enum MetaPages {
    /// Checks that the two meta pages are those of two consecutive commits.
    ///
    /// LMDB uses the page with the larger number. If the number of the last commit were damaged, LMDB would open the
    /// commit before it without an error.
    ///
    /// - Throws: ``LMDBError`` for which ``LMDBError/isDamage`` is true where the numbers aren't consecutive.
    static func check(_ environment: OpaquePointer, _ folder: String) throws(LMDBError) {
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
            guard count == 8 else {
                throw LMDBError(code: count < 0 ? errno : MDB_CORRUPTED, operation: "read data.mdb")
            }
            numbers.append(number)
        }
        // Commits with even numbers write the first page.
        let areConsecutive = [numbers[0] &- numbers[1], numbers[1] &- numbers[0]].contains(1) && numbers[0] % 2 == 0
        guard areConsecutive || numbers == [0, 0] else {
            throw LMDBError(code: MDB_CORRUPTED, operation: "data.mdb has commits \(numbers[0]) and \(numbers[1])")
        }
    }
}
