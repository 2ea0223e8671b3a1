internal import FoundationEssentials
internal import IncrementalBias
internal import Logging
internal import Observability
internal import PosixSupport
internal import ShardFormats
internal import SpoolProtocol
internal import WireAPI

extension IngestPipeline {
    /// Commits the batch, and publishes its shards.
    mutating func commit(_ batch: inout Batch, _ summary: inout Summary) throws {
        let shards = batch.takeAll()
        guard !shards.isEmpty else { return }
        try synchronizeReused(shards)
        let began = ContinuousClock.now
        let outcomes = try context.corpus.ingest(
            shards.map(\.content), acknowledged: acknowledged, retention: context.settings().retention,
            now: { [clock = context.clock] in clock().date })
        context.metrics.committed(shards: shards.count, took: .now - began)
        acknowledged.removeAll()
        let decided = zip(shards, outcomes).map { shard, outcome in
            switch outcome {
            case .applied(let receipt): DecidedShard(shard.claimed, .committed(receipt, unchanged: false))
            case .unchanged(let receipt): DecidedShard(shard.claimed, .committed(receipt, unchanged: true))
            case .rejected(let rejection): DecidedShard(shard.claimed, .rejected(ShardError(rejection)))
            }
        }
        for shard in decided {
            outbox.add(shard)
            if case .committed(let receipt, let unchanged) = shard.decision {
                report(receipt, unchanged: unchanged, since: shard.claimed.received)
            }
        }
        try publish(&summary)
        try reclaimPages()
    }

    /// Adds a shard to the outbox that took effect before, according to its receipt.
    mutating func addFound(_ shard: DecidedShard) {
        outbox.add(shard)
        if case .committed(let receipt, _) = shard.decision {
            report(receipt, unchanged: true, since: shard.claimed.received)
        }
    }

    /// Publishes the shards in the outbox, except those whose next try is not yet due.
    mutating func publish(_ summary: inout Summary) throws {
        var published: Set<ShardKey> = []
        defer {
            outbox.remove(published)
            claims.remove(Array(published))
        }
        for shard in outbox.shards {
            let claimed = shard.claimed
            let path = SpoolFile.relativePath(claimed.key, isClaimed: true)
            let now = context.clock()
            guard !retries.isWaiting(path, claimed.entry, now: now.uptime) else { continue }
            context.heartbeat.beat()
            switch try finalizer.publish(shard) {
            case .done(let receipt): acknowledged.insert(receipt.number)
            case .failed(let failure): report(failure, claimed.key.role)
            case .waiting(let error):
                wait(path, claimed.entry, claimed.key.name, error)
                continue
            }
            published.insert(claimed.key)
            readiness.forget(claimed.key, isClaimed: true)
            retries.remove(path)
            summary.published += 1
            context.status.backlog = max(0, context.status.backlog - 1)
        }
    }

    /// Rejects a file whose name isn't UTF-8.
    mutating func reject(_ file: UnnamedFile, _ summary: inout Summary) throws {
        context.heartbeat.beat()
        do {
            report(try finalizer.reject(file, now: context.clock().date), file.role)
            retries.remove(file.retryKey)
            summary.published += 1
        } catch let error as SystemError where error.holdsUpOneFile {
            wait(file.retryKey, nil, file.name.escaped, error)
        }
    }

    /// Rejects a file that has not been claimed.
    mutating func reject(
        _ file: SpoolFile, _ error: ShardError, _ movesSidecar: Bool, _ summary: inout Summary
    ) throws {
        let failure = try finalizer.reject(file, error, movesSidecar: movesSidecar, now: context.clock().date)
        report(failure, file.key.role)
        forget(file.key)
        summary.published += 1
    }

    /// Reports the files that no shard uses.
    mutating func reportUnused(_ summary: inout Summary) throws {
        let now = context.clock()
        let found = try unused.look(
            context.folders, quietSeconds: readiness.quietSeconds, listQuietSeconds: readiness.listQuietSeconds, now)
        context.status.setUnused(unused.files, count: unused.count)
        for file in found {
            context.logger.warning(
                "file is not used",
                metadata: ["name": "\(file.name)", "kind": "\(file.kind)", "reason": "\(file.reason.rawValue)"])
        }
        if let seconds = unused.delay(now: now) { summary.lookAgain(within: seconds) }
    }

    /// Records that a file failed and must wait for its next try, and reports the fault.
    ///
    /// - Parameters:
    ///   - path: the key of the file in `retries`: its path below the spool, or ``UnnamedFile/retryKey``.
    ///   - entry: the file; `nil` if its name isn't UTF-8.
    ///   - name: the file's name for the log.
    mutating func wait(_ path: String, _ entry: FileSystem.Entry?, _ name: String, _ error: SystemError) {
        let isFirst = retries.add(path, entry, now: context.clock().uptime)
        reportFault(name, error, isFirst: isFirst)
    }

    /// Writes the error document of a folder, link or the like that can't be moved to `failed/` now.
    func tellThatItIsNoFile(_ file: SpoolFile) {
        do {
            _ = try OpenSpoolFile(path: "\(context.folders.root)/\(file.relativePath)", limit: .max)
        } catch let error as ShardError {
            _ = try? finalizer.writeRejection(of: file.key, error, now: context.clock().date)
        } catch {
            // The log already says why the file waits.
        }
    }

    /// Runs a small commit if one is needed, so that the next large commit can reuse freed pages of the store.
    mutating func reclaimPages() throws {
        if try context.corpus.reclaimPages(acknowledging: acknowledged) { acknowledged.removeAll() }
    }

    /// Syncs the folders of a role if the name of one of its shards already has a receipt.
    ///
    /// Otherwise a power failure could undo the move of the earlier shard of this name. It would take effect again,
    /// because a shard is compared only with the last receipt of its name.
    private func synchronizeReused(_ shards: [ReadShard]) throws {
        for role in VectorRole.allCases {
            let isReused = try shards.contains {
                let key = $0.claimed.key
                return try key.role == role && context.corpus.receipt(role: role, name: key.name) != nil
            }
            guard isReused else { continue }
            let folders = context.folders
            for folder in [folders.incoming(role), folders.processing(role), folders.leaving(.done, role)] {
                try FileSystem.synchronize(folder: folder)
            }
        }
    }

    /// Logs and counts that a file waits because of a fault.
    ///
    /// - Parameter isFirst: whether this is the file's first fault; later ones are logged only at the level `debug`.
    func reportFault(_ name: String, _ error: SystemError, isFirst: Bool) {
        context.metrics.spoolError()
        context.logger.log(
            level: isFirst ? .error : .debug, "shard waits", metadata: ["name": "\(name)", "reason": "\(error)"])
    }

    private func report(_ failure: ShardFailure, _ role: VectorRole) {
        context.status.add(failure)
        context.metrics.shard(role, .rejected)
        context.logger.warning(
            "shard rejected",
            metadata: [
                "name": "\(failure.name)", "kind": "\(failure.kind)", "code": "\(failure.code)",
                "reason": "\(failure.message)",
            ])
    }

    private func report(_ receipt: Receipt, unchanged: Bool, since start: Date) {
        let seconds = max(0, context.clock().date.timeIntervalSince(start))
        if unchanged {
            context.metrics.shard(receipt.role, .unchanged)
        } else {
            context.metrics.applied(receipt)
        }
        var metadata: Logger.Metadata = [
            "name": "\(receipt.name)", "kind": "\(receipt.role.rawValue)", "action": "\(receipt.action.rawValue)",
            "rows": "\(receipt.rows)", "generation": "\(receipt.generation)",
            "seconds": "\((seconds * 1000).rounded() / 1000)",
        ]
        switch receipt.action {
        case .add:
            metadata["replaced"] = "\(receipt.replaced)"
        case .delete:
            metadata["deleted"] = "\(receipt.replaced)"
            metadata["missing"] = "\(receipt.rows - receipt.replaced)"
        }
        context.logger.info(unchanged ? "shard unchanged" : "shard committed", metadata: metadata)
    }
}
