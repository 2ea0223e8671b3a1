internal import CLMDB
internal import Glibc

/// An open LMDB environment: one data file and its lock file in a folder.
///
/// Reads and writes happen inside ``read(_:)`` and ``write(_:)`` only. The closures are synchronous, so no
/// transaction lives across a suspension. Any number of reads run beside one write; a second write waits.
///
/// For example:
///
///     let environment = try Environment(folder: "/var/lib/nnnd/store", mapSize: 1 << 40)
///     let words = try environment.open("words", order: .bytes)
///     try environment.write { try $0.put(words, "answer", "42") }
///
/// Opening one folder twice in a process breaks POSIX locks (lmdb.h, "Caveats"): it is a programmer error.
@safe package final class Environment: Sendable {
    // Sendable: an MDB_env may be used by all threads; only opening and closing must be alone (lmdb.h), and
    // those happen in `init` and `deinit`.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Opens the environment in `folder`, which must exist, and makes its files where they are missing.
    ///
    /// - Parameters:
    ///   - folder: the folder of `data.mdb` and `lock.mdb`.
    ///   - mapSize: the address space to reserve in bytes, the most that the data can grow to. The file is sparse: it
    ///     grows with its content.
    ///   - databases: how many named databases can be open.
    ///   - readers: how many reads can be under way at once.
    ///   - mode: the permissions of new files.
    /// - Throws: ``LMDBError`` with a system error number, or one for which ``LMDBError/isDamage`` is true.
    package init(folder: String, mapSize: Int, databases: UInt32 = 32, readers: UInt32 = 126, mode: UInt32 = 0o600)
        throws(LMDBError)
    {
        var opened: OpaquePointer?
        try unsafe LMDBError.check(mdb_env_create(&opened), "mdb_env_create")
        guard let environment = unsafe opened else { throw LMDBError(code: ENOMEM, operation: "mdb_env_create") }
        do throws(LMDBError) {
            try unsafe LMDBError.check(mdb_env_set_mapsize(environment, mapSize), "mdb_env_set_mapsize")
            try unsafe LMDBError.check(mdb_env_set_maxdbs(environment, databases), "mdb_env_set_maxdbs")
            try unsafe LMDBError.check(mdb_env_set_maxreaders(environment, readers), "mdb_env_set_maxreaders")
            unsafe BrokenMap.report(environment, folder: folder)
            try allocateLockFile(folder, mode: mode)
            try unsafe LMDBError.check(mdb_env_open(environment, folder, UInt32(MDB_NOTLS), mode), "mdb_env_open")
            try unsafe checkMetaPages(environment, folder)
            try unsafe checkLength(environment, folder)
            var dead: Int32 = 0
            try unsafe LMDBError.check(mdb_reader_check(environment, &dead), "mdb_reader_check")
        } catch {
            unsafe mdb_env_close(environment)
            throw error
        }
        unsafe handle = environment
    }

    deinit {
        unsafe mdb_env_close(handle)
    }

    /// Opens the database called `name`.
    ///
    /// - Parameter making: whether to make it where it is missing; else nothing is written.
    /// - Throws: ``LMDBError``; one for which ``LMDBError/isDamage`` is true where it is missing and not to be made.
    package func open(_ name: String, order: Database.Order, making: Bool = true) throws -> Database {
        let flags = UInt32(making ? MDB_CREATE : 0) | (order == .integers ? UInt32(MDB_INTEGERKEY) : 0)
        return try write { transaction in
            var database: MDB_dbi = 0
            guard try unsafe LMDBError.found(mdb_dbi_open(transaction.handle, name, flags, &database), "mdb_dbi_open")
            else { throw LMDBError(code: MDB_CORRUPTED, operation: "there is no \(name)") }
            return Database(name: name, handle: database)
        }
    }

    /// Whether nothing was ever put into it.
    package var isEmpty: Bool {
        var stat = MDB_stat()
        unsafe mdb_env_stat(handle, &stat)
        return stat.ms_entries == 0
    }

    /// Whether there is a database called `name`.
    package func contains(_ name: String) throws -> Bool {
        try read { transaction in
            var database: MDB_dbi = 0
            let code = unsafe mdb_dbi_open(transaction.handle, name, 0, &database)
            // A value of this name, which other programs may have put there, is no database.
            if code == MDB_INCOMPATIBLE { return false }
            return try LMDBError.found(code, "mdb_dbi_open")
        }
    }

    /// Runs `body` on a snapshot: the last commit before the call, whatever is written meanwhile.
    package func read<R>(_ body: (borrowing ReadTransaction) throws -> R) throws -> R {
        let transaction = try ReadTransaction(self)
        return try body(transaction)
    }

    /// Runs `body` in a write transaction; commits what it did, durably, or nothing if it throws.
    ///
    /// - Throws: what `body` throws, or ``LMDBError`` when the commit fails.
    package func write<R>(_ body: (borrowing WriteTransaction) throws -> R) throws -> R {
        var written = 0
        return try unsafe withUnsafeMutablePointer(to: &written) { written in
            let transaction = try unsafe WriteTransaction(self, counting: written)
            let result = try body(transaction)
            do throws(LMDBError) {
                try transaction.commit()
            } catch {
                throw error.code == EIO && isDiskFull(for: unsafe written.pointee)
                    ? LMDBError(code: ENOSPC, operation: error.operation) : error
            }
            return result
        }
    }

    /// Whether the file system has less room than a transaction needs that wrote `bytes`.
    ///
    /// LMDB calls it an input/output error when the system takes a part of a write only, as it does when the disk fills
    /// up in the middle.
    private func isDiskFull(for bytes: Int) -> Bool {
        var path: UnsafePointer<CChar>?
        var info = statvfs()
        guard unsafe mdb_env_get_path(handle, &path) == MDB_SUCCESS, let path = unsafe path,
            unsafe statvfs(path, &info) == 0
        else { return false }
        return Int(info.f_bavail) * Int(info.f_frsize) < bytes + Self.pagesAround
    }

    /// What a commit writes beside values, generously: the pages of the trees, and the list of free pages.
    private static let pagesAround = 1 << 20

    /// Has the allocator keep memory that is freed, until ``returnFreedMemory(ifMoreThan:)``.
    ///
    /// It would give parts of it back in the middle of a large commit, whose pages are freed one by one, and the next
    /// commit would have the system clear them anew. To be called before there are threads: each would get a heap of its
    /// own, and those are always given back.
    package static func keepFreedMemory() {
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_TRIM_THRESHOLD, .max)
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
    }

    /// Gives memory that was freed back to the system.
    ///
    /// The allocator would keep what the pages of a large commit took for as long as the process runs.
    ///
    /// - Parameter limit: leaves the allocator that many bytes.
    package static func returnFreedMemory(ifMoreThan limit: Int) {
        if mallinfo2().fordblks > limit { malloc_trim(0) }
    }

    /// The sizes of the environment.
    package var usage: Usage {
        var info = unsafe MDB_envinfo()
        unsafe mdb_env_info(handle, &info)
        var stat = MDB_stat()
        unsafe mdb_env_stat(handle, &stat)
        return unsafe Usage(mapBytes: info.me_mapsize, usedBytes: (info.me_last_pgno + 1) * Int(stat.ms_psize))
    }

    /// What ``usage`` tells.
    package struct Usage: Sendable {
        /// The address space reserved: the most the data can grow to.
        package let mapBytes: Int
        /// The length of the data file that is in use, pages free for reuse included.
        package let usedBytes: Int
    }
}
