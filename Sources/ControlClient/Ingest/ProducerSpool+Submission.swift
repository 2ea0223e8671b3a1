internal import FoundationEssentials
internal import PosixSupport

extension ProducerSpool {
    /// Copies a shard and its sidecars into the spool under hidden names, then renames the sidecars and the shard.
    ///
    /// A file of the same name that still waits in the spool is not replaced. If two processes of nnnctl submit at the
    /// same time, one waits for the other.
    ///
    /// - Throws: ``Failure`` if a file of the same name waits already or writing is not permitted; `SystemError`; or
    ///   `CancellationError`. The spool is then as before.
    package func submit(_ file: ShardFile) throws -> SubmittedShard {
        try checkFree(file)
        let shard = try TemporaryCopy(of: file.source, in: incoming)
        let ids = try file.idsPath.map { TemporaryCopy.Sidecar(try TemporaryCopy(of: .file($0), in: incoming)) }
        let heaps = try file.heapsPath.map { TemporaryCopy.Sidecar(try TemporaryCopy(of: .file($0), in: incoming)) }
        let time = try withLock { () throws in
            try checkFree(file)
            var placed: [String] = []
            do {
                for (sidecar, name) in [(ids, file.idsName), (heaps, file.heapsName)] {
                    guard let sidecar, let name else { continue }
                    try sidecar.copy.place(at: "\(incoming)/\(name)")
                    placed.append("\(incoming)/\(name)")
                }
                let time = Date()
                try shard.place(at: "\(incoming)/\(file.name)")
                return time
            } catch {
                for path in placed { try? FileSystem.remove(path) }
                throw error
            }
        }
        return SubmittedShard(name: file.name, sha256: shard.sha256, idsSHA256: ids?.copy.sha256, time: time)
    }

    /// Throws ``Failure`` if the incoming folder already has a file with the name of the shard or of a sidecar.
    private func checkFree(_ file: ShardFile) throws {
        let target = "\(incoming)/\(file.name)"
        if try FileSystem.exists(target) {
            throw Failure(.tryAgain, "\(target) still waits in the spool: try again when nnnd has processed it")
        }
        for name in [file.idsName, file.heapsName].compactMap(\.self) {
            let target = "\(incoming)/\(name)"
            guard try FileSystem.exists(target) else { continue }
            throw Failure(
                .tryAgain,
                "\(target) is already in the spool: try again in a moment, and remove it if no shard belongs to it")
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
