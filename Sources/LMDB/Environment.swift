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
    // Sendable: all threads may use an MDB_env; only opening and closing must not run beside other calls (lmdb.h), and
    // those happen in `init` and `deinit`.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Opens the environment in `folder`, which must exist, and creates its files where they are missing.
    ///
    /// - Parameters:
    ///   - folder: the folder of `data.mdb` and `lock.mdb`.
    ///   - mapSize: the address space to reserve, in bytes: the largest size of the data. The data file is only as long
    ///     as its content.
    ///   - databases: the largest number of named databases that can be open.
    ///   - readers: the largest number of concurrent reads.
    ///   - mode: the permissions of new files.
    /// - Throws: ``LMDBError`` with a system error number, or with ``LMDBError/isDamage`` where the file is damaged.
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
            try unsafe DamageHandler.attach(to: environment)
            try LockFile.allocate(folder, mode: mode)
            try unsafe LMDBError.check(mdb_env_open(environment, folder, UInt32(MDB_NOTLS), mode), "mdb_env_open")
            try unsafe MetaPages.check(environment, folder)
            try unsafe DataFileLength.check(environment, folder)
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
    /// - Parameter making: whether to create it if it is missing; otherwise nothing is written.
    /// - Throws: ``LMDBError``; with ``LMDBError/isDamage`` if it is missing and must not be created.
    package func open(_ name: String, order: Database.Order, making: Bool = true) throws -> Database {
        let flags = UInt32(making ? MDB_CREATE : 0) | (order == .integers ? UInt32(MDB_INTEGERKEY) : 0)
        return try write { transaction in
            var database: MDB_dbi = 0
            guard try unsafe LMDBError.found(mdb_dbi_open(transaction.handle, name, flags, &database), "mdb_dbi_open")
            else { throw LMDBError(code: MDB_CORRUPTED, operation: "there is no \(name)") }
            return Database(name: name, handle: database)
        }
    }

    /// Whether the environment has no database.
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
            // The key can name a plain value, which another program has stored; that is not a database.
            if code == MDB_INCOMPATIBLE { return false }
            return try LMDBError.found(code, "mdb_dbi_open")
        }
    }

    /// Runs `body` on a snapshot of the last commit; later commits don't change it.
    package func read<R>(_ body: (borrowing ReadTransaction) throws -> R) throws -> R {
        let transaction = try ReadTransaction(self)
        return try body(transaction)
    }

    /// Runs `body` in a write transaction and commits it durably; undoes it if `body` throws.
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

    /// Whether the file system has less free space than a transaction needs that wrote `bytes`.
    ///
    /// LMDB reports an input/output error when the system writes only a part, as it does when the disk becomes full.
    private func isDiskFull(for bytes: Int) -> Bool {
        var path: UnsafePointer<CChar>?
        var info = statvfs()
        guard unsafe mdb_env_get_path(handle, &path) == MDB_SUCCESS, let path = unsafe path,
            unsafe statvfs(path, &info) == 0
        else { return false }
        return Int(info.f_bavail) * Int(info.f_frsize) < bytes + Self.pagesAround
    }

    /// An upper estimate of the bytes that a commit writes beside values: pages of trees and the list of free pages.
    private static let pagesAround = 1 << 20

    /// The sizes of the environment.
    package var usage: Usage {
        var info = unsafe MDB_envinfo()
        unsafe mdb_env_info(handle, &info)
        var stat = MDB_stat()
        unsafe mdb_env_stat(handle, &stat)
        return unsafe Usage(mapBytes: info.me_mapsize, usedBytes: (info.me_last_pgno + 1) * Int(stat.ms_psize))
    }

    /// The sizes of an environment, in bytes.
    package struct Usage: Sendable {
        /// The reserved address space: the largest size of the data.
        package let mapBytes: Int
        /// The used length of the data file, including pages that are free for reuse.
        package let usedBytes: Int
    }
}
