internal import Glibc

extension Environment {
    /// Renames the data file in `folder` over the data file in `target`, and makes the change durable.
    ///
    /// Both folders must be on the same file system, and no process may have one of the files open.
    ///
    /// - Throws: ``LMDBError`` with a system error number.
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
