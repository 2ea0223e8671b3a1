internal import Glibc

extension Environment {
    /// Replaces the data file in `target` by the one in `folder`, atomically and durably.
    ///
    /// Both folders must be on one file system, and no process may have either file open.
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
