internal import FoundationEssentials
internal import SpoolProtocol

extension SpoolFolders {
    /// Drops a shard: it and its ids appear in the spool whole, the ids first, or not at all.
    ///
    /// A shard or ids of the same name that still wait in the spool are not replaced. Two commands that drop at the
    /// same time wait for each other.
    ///
    /// - Throws: a ``Failure`` if the name is taken, a ``SystemError``, or `CancellationError`.
    package func drop(_ file: ShardFile) throws -> Drop {
        let target = "\(spool)/\(file.name)"
        let idsTarget = "\(spool)/\(file.idsName)"
        try checkFree(target, idsTarget)
        let shard = try SpoolCopy(of: file.source, named: file.name, in: spool)
        guard let idsPath = file.idsPath else {
            let time = try withLock { () throws in
                try checkFree(target, idsTarget)
                let time = Date()
                try shard.place(at: target)
                return time
            }
            return Drop(name: file.name, sha256: shard.sha256, idsSHA256: nil, time: time)
        }
        let ids = try SpoolCopy(of: .file(idsPath), named: file.idsName, in: spool)
        let time = try withLock { () throws in
            try checkFree(target, idsTarget)
            try ids.place(at: idsTarget)
            let time = Date()
            do {
                try shard.place(at: target)
            } catch {
                FileSystem.remove(idsTarget)
                throw error
            }
            return time
        }
        return Drop(name: file.name, sha256: shard.sha256, idsSHA256: ids.sha256, time: time)
    }

    /// Whether the shard still waits in the spool.
    package func holds(_ drop: Drop) throws -> Bool {
        try FileSystem.exists("\(spool)/\(drop.name)")
    }

    private func checkFree(_ target: String, _ idsTarget: String) throws {
        if try FileSystem.exists(target) {
            throw Failure(.tryAgain, "\(target) still waits in the spool: try again when nnnd has taken it in")
        }
        if try FileSystem.exists(idsTarget) {
            throw Failure(
                .tryAgain,
                "\(idsTarget) lies in the spool already: try again in a moment, and remove it if no shard of anybody's "
                    + "goes with it")
        }
    }

    /// Runs `body` while no other nnnctl does the same, and makes its renames durable.
    private func withLock<Result>(_ body: () throws -> Result) throws -> Result {
        let folder = try OpenFile(folder: spool)
        try folder.lock()
        let result = try body()
        try folder.synchronize()
        return result
    }
}
