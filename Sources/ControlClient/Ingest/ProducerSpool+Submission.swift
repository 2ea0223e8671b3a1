internal import FoundationEssentials
internal import PosixSupport

extension ProducerSpool {
    /// Copies a shard and its sidecar into the spool under hidden names, then renames the sidecar and the shard.
    ///
    /// A file of the same name that still waits in the spool is not replaced. If two processes of nnnctl submit at the
    /// same time, one waits for the other.
    ///
    /// - Throws: ``Failure`` if a file of the same name waits already or writing is not permitted; `SystemError`; or
    ///   `CancellationError`. The spool is then as before.
    package func submit(_ file: ShardFile) throws -> SubmittedShard {
        try checkFree(file)
        let shard = try TemporaryCopy(of: file.source, in: incoming)
        guard let idsPath = file.idsPath, let idsName = file.idsName else {
            let time = try withLock { () throws in
                try checkFree(file)
                let time = Date()
                try shard.place(at: "\(incoming)/\(file.name)")
                return time
            }
            return SubmittedShard(name: file.name, sha256: shard.sha256, idsSHA256: nil, time: time)
        }
        let ids = try TemporaryCopy(of: .file(idsPath), in: incoming)
        let idsTarget = "\(incoming)/\(idsName)"
        let time = try withLock { () throws in
            try checkFree(file)
            try ids.place(at: idsTarget)
            let time = Date()
            do {
                try shard.place(at: "\(incoming)/\(file.name)")
            } catch {
                try? FileSystem.remove(idsTarget)
                throw error
            }
            return time
        }
        return SubmittedShard(name: file.name, sha256: shard.sha256, idsSHA256: ids.sha256, time: time)
    }

    /// Throws ``Failure`` if the incoming folder already has a file with the name of the shard or of its sidecar.
    private func checkFree(_ file: ShardFile) throws {
        let target = "\(incoming)/\(file.name)"
        if try FileSystem.exists(target) {
            throw Failure(.tryAgain, "\(target) still waits in the spool: try again when nnnd has processed it")
        }
        guard let idsName = file.idsName else { return }
        let idsTarget = "\(incoming)/\(idsName)"
        if try FileSystem.exists(idsTarget) {
            throw Failure(
                .tryAgain,
                "\(idsTarget) is already in the spool: try again in a moment, and remove it if no shard belongs to it")
        }
    }

    /// Runs `body`, which renames files in the incoming folder, under a lock among all nnnctl; then syncs the folder.
    private func withLock<Result>(_ body: () throws -> Result) throws -> Result {
        let lock = try FileLock(waitingFor: incoming)
        let result = try body()
        try FileSystem.synchronize(folder: incoming)
        extendLifetime(lock)
        return result
    }
}
