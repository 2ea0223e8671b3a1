internal import CLMDB
internal import Glibc

/// An open LMDB environment: the files `data.mdb` and `lock.mdb` in a folder.
///
/// All access is in the closures of ``read(_:)`` and ``write(_:)``. The closures are synchronous, so a transaction is
/// never open during an `await`. Many reads and one write can run at the same time; a second write waits.
///
/// For example:
///
///     let environment = try Environment(folder: "/var/lib/nnnd/store", mapSize: 1 << 40)
///     let words = try environment.open("words", order: .bytes)
///     try environment.write { try $0.put(words, "answer", "42") }
///
/// A process must not open the same folder twice: that would break POSIX locks (lmdb.h, "Caveats").
@safe package final class Environment: Sendable {
    // Sendable: any thread can use an MDB_env. Only opening and closing must not overlap other calls (lmdb.h); they are
    // in `init` and `deinit`.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Opens the environment in `folder`, and creates its files if they are missing.
    ///
    /// - Parameters:
    ///   - folder: the folder of `data.mdb` and `lock.mdb`, which must exist.
    ///   - mapSize: the maximum size of the data file, in bytes. LMDB reserves address space of this size; the data
    ///     file is only as long as its content.
    ///   - databases: the maximum number of open named databases.
    ///   - readers: the maximum number of read transactions that are open at the same time.
    ///   - mode: the permissions of new files.
    /// - Throws: ``LMDBError`` with a system error number; with ``LMDBError/isDamage`` if the data file is damaged or
    ///   was cut short.
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
            // Frees the reader slots of processes that have crashed.
            var freedSlots: Int32 = 0
            try unsafe LMDBError.check(mdb_reader_check(environment, &freedSlots), "mdb_reader_check")
        } catch {
            unsafe mdb_env_close(environment)
            throw error
        }
        unsafe handle = environment
    }

    deinit {
        unsafe mdb_env_close(handle)
    }

    /// Opens the database with the name `name`.
    ///
    /// - Parameters:
    ///   - name: the name of the database.
    ///   - order: the order of its keys; must be the order that it was created with.
    ///   - createIfMissing: whether to create the database if it is missing.
    /// - Throws: ``LMDBError``; with ``LMDBError/isDamage`` if the database is missing and `createIfMissing` is false.
    package func open(_ name: String, order: Database.Order, createIfMissing: Bool = true) throws -> Database {
        let flags = UInt32(createIfMissing ? MDB_CREATE : 0) | (order == .integers ? UInt32(MDB_INTEGERKEY) : 0)
        return try write { transaction in
            var database: MDB_dbi = 0
            guard try unsafe LMDBError.found(mdb_dbi_open(transaction.handle, name, flags, &database), "mdb_dbi_open")
            else { throw LMDBError(code: MDB_CORRUPTED, operation: "the table \(name) is missing") }
            return Database(name: name, handle: database)
        }
    }

    /// Whether the data file is still the file `data.mdb` in its folder: nobody has removed, moved or replaced it.
    ///
    /// LMDB keeps the file open, and notices nothing.
    package var isInPlace: Bool {
        var path: UnsafePointer<CChar>?
        var descriptor: mdb_filehandle_t = -1
        var (opened, named) = (stat(), stat())
        guard unsafe mdb_env_get_path(handle, &path) == MDB_SUCCESS, let path = unsafe path,
            unsafe mdb_env_get_fd(handle, &descriptor) == MDB_SUCCESS, unsafe fstat(descriptor, &opened) == 0
        else { return false }
        let file = unsafe String(cString: path) + "/data.mdb"
        guard unsafe stat(file, &named) == 0 else { return errno != ENOENT && errno != ENOTDIR }
        return (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
    }

    /// Whether the environment has no named database and no other key.
    package var isEmpty: Bool {
        var stat = MDB_stat()
        unsafe mdb_env_stat(handle, &stat)
        return stat.ms_entries == 0
    }

    /// Whether the environment has a database with the name `name`.
    package func contains(_ name: String) throws -> Bool {
        try read { transaction in
            var database: MDB_dbi = 0
            let code = unsafe mdb_dbi_open(transaction.handle, name, 0, &database)
            // `name` is a key with an ordinary value, which another program has stored.
            if code == MDB_INCOMPATIBLE { return false }
            return try LMDBError.found(code, "mdb_dbi_open")
        }
    }

    /// Runs `body` in a read transaction, which sees a snapshot: the last commit before its begin.
    ///
    /// - Throws: what `body` throws; ``LMDBError`` if the transaction can't begin.
    package func read<R>(_ body: (borrowing ReadTransaction) throws -> R) throws -> R {
        let transaction = try ReadTransaction(self)
        return try body(transaction)
    }

    /// Runs `body` in a write transaction, and commits it durably.
    ///
    /// If `body` throws, nothing is changed.
    ///
    /// - Throws: what `body` throws; ``LMDBError`` if the transaction can't begin or the commit fails.
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

    /// Whether the file system has less free space than a commit needs that writes `bytes` of values.
    ///
    /// On a disk that becomes full, the system writes only a part of the data, and LMDB reports that as EIO.
    private func isDiskFull(for bytes: Int) -> Bool {
        var path: UnsafePointer<CChar>?
        var info = statvfs()
        guard unsafe mdb_env_get_path(handle, &path) == MDB_SUCCESS, let path = unsafe path,
            unsafe statvfs(path, &info) == 0
        else { return false }
        return Int(info.f_bavail) * Int(info.f_frsize) < bytes + Self.commitOverheadBytes
    }

    /// An upper estimate of the bytes that a commit writes besides values: inner pages of trees and the list of free
    /// pages.
    private static let commitOverheadBytes = 1 << 20

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
        /// The maximum size of the data file: the reserved address space.
        package let mapBytes: Int
        /// The size of the data file up to its last page.
        ///
        /// Free pages are included.
        package let usedBytes: Int
    }
}
