internal import FoundationEssentials
package import IncrementalBias
package import Logging
package import Observability
package import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// Brings waiting files through the corpus: has them read, lets them take effect in one commit, puts them away.
package struct IngestPipeline {
    package let corpus: Corpus
    package let folders: SpoolFolders
    package let settings: @Sendable () -> IngestSettings
    package let status: SpoolStatus
    package let metrics: DaemonMetrics
    /// Shows that the work goes on.
    package let heartbeat: Heartbeat
    package let logger: Logger

    /// Numbers of receipts whose files have been put away since the last commit.
    private var acknowledged: Set<UInt64> = []
    /// How many files of the last ``take(_:)`` can't be read or put away now.
    package private(set) var left = 0
    /// Whether one of them was changing.
    package private(set) var isChanging = false
    /// Whether ``heal()`` has something to do again.
    package private(set) var mustHeal = false
    private var stuck = StuckFiles()

    /// A commit begins once what was read takes so many bytes: files may be compressed.
    private static let bytesPerCommit = 128 << 20

    package init(
        corpus: Corpus, folders: SpoolFolders, settings: @escaping @Sendable () -> IngestSettings, status: SpoolStatus,
        metrics: DaemonMetrics,
        heartbeat: Heartbeat, logger: Logger
    ) {
        self.corpus = corpus
        self.folders = folders
        self.settings = settings
        self.status = status
        self.metrics = metrics
        self.heartbeat = heartbeat
        self.logger = logger
    }

    private var putaway: ShardFinalizer {
        ShardFinalizer(folders: folders, completedShards: settings().completedShards)
    }

    /// Puts away what a crash left lying.
    package mutating func heal() throws {
        mustHeal = false
        for receipt in try corpus.pendingReceipts() {
            // A later shard of its name has taken its place.
            let isLast = try corpus.receipt(kind: receipt.kind, name: receipt.name)?.number == receipt.number
            let ids = try corpus.note(of: receipt) ?? []
            try apart(receipt.name) { intake in
                if try !isLast || intake.putaway.heal(receipt, ids: ids) { intake.acknowledged.insert(receipt.number) }
            }
            heartbeat.beat()
        }
        for kind in VectorRole.allCases {
            for name in try putaway.leftIDs(kind) { try apart(name) { try $0.putaway.refuseIDs(name, kind) } }
        }
    }

    /// Does what puts one file away.
    ///
    /// Where the fault is the file's, it waits for another try, and the others go on.
    ///
    /// - Parameter again: whether it could not be put away before, and the log has it.
    /// - Returns: whether it is done.
    @discardableResult
    private mutating func apart(_ name: String, again: Bool = false, _ body: (inout Self) throws -> Void) throws -> Bool
    {
        do {
            try body(&self)
            return true
        } catch let error as SystemError where error.isOfOneFile {
            mustHeal = true
            metrics.spoolError()
            logger.log(
                level: again ? .debug : .error, "shard waits, it can't be put away",
                metadata: ["name": "\(name)", "reason": "\(error)"])
            return false
        }
    }

    /// Has a file that can't be put away wait.
    private mutating func leave(_ file: WaitingFile) {
        left += 1
        stuck.add(file)
    }

    /// Takes files in: those up to a large shard in one commit, and each large shard for itself.
    ///
    /// A file that the system can't read now, for want of a descriptor or for a bad sector, or that it can't take out of
    /// its folder, is left: the others must not wait for it.
    package mutating func take(_ files: [WaitingFile]) throws {
        let started = Date()
        var read: [SpoolReader.Read] = []
        var bytes = 0
        (left, isChanging) = (0, false)
        for file in files {
            heartbeat.beat()
            if try putaway.isOccupied(file) {
                // Perhaps by one that is to be put away with these.
                try commit(read, since: started)
                (read, bytes) = ([], 0)
                if try putaway.isOccupied(file) {
                    leave(file)
                    continue
                }
            }
            guard let found = try reading(file, { try $0.receipt(of: file) }) else { continue }
            if let receipt = found {
                try finishLate(file, receipt, since: started)
                continue
            }
            guard let opened = try reading(file, { try $0.open(file) }) else { continue }
            if let large = opened {
                try commit(read, since: started)
                (read, bytes) = ([], 0)
                guard let staged = try reading(file, { try $0.stage(file, large) }) else { continue }
                if let shard = staged {
                    try commit([shard], since: started)
                    continue
                }
            }
            guard let shard = try reading(file, { try $0.read(file) }) ?? nil else { continue }
            read.append(shard)
            bytes += shard.byteCount
            if bytes >= Self.bytesPerCommit {
                try commit(read, since: started)
                (read, bytes) = ([], 0)
            }
        }
        try commit(read, since: started)
    }

    /// Does something that reads a file; `nil` where the file was refused for it, or has to wait.
    ///
    /// What a commit or the putting away after it throws is not the file's: it must not come through here.
    private mutating func reading<Result>(_ file: WaitingFile, _ body: (SpoolReader) throws -> Result) throws -> Result?
    {
        let reader = SpoolReader(corpus: corpus, folders: folders, largestShard: settings().largestShard)
        var ids: FileSystem.Entry?
        do {
            ids = try reader.idsEntry(of: file)
            return try body(reader)
        } catch let error as ShardError {
            try refuse(file, ids: ids, error)
        } catch is OpenShard.EndedEarly {
            // It is changing: another look will come.
            left += 1
            isChanging = true
        } catch let error as SystemError {
            left += 1
            logger.error("shard waits", metadata: ["name": "\(file.name)", "reason": "\(error)"])
        }
        return nil
    }

    /// Lets shards take effect, and puts them away.
    private mutating func commit(_ read: [SpoolReader.Read], since started: Date) throws {
        guard !read.isEmpty else { return }
        try synchronizeReused(read)
        let began = ContinuousClock.now
        let outcomes = try corpus.ingest(
            read.map(\.shard), acknowledged: acknowledged, retention: settings().retention, now: { Date() })
        metrics.committed(shards: read.count, took: .now - began)
        acknowledged.removeAll()
        for (read, outcome) in zip(read, outcomes) {
            heartbeat.beat()
            switch outcome {
            case .applied(let receipt):
                metrics.applied(receipt)
                try finish(read, receipt, unchanged: false)
                log("shard took effect", receipt, seconds: Date().timeIntervalSince(started))
            case .unchanged(let receipt):
                metrics.shard(receipt.kind, .unchanged)
                try finish(read, receipt, unchanged: true)
                log("shard had taken effect before", receipt, seconds: Date().timeIntervalSince(started))
            case .rejected(let rejection):
                try refuse(read.file, ids: read.ids, ShardError(rejection))
            }
        }
        try reclaimPages()
    }

    /// Sees to it that earlier shards of the same names don't come back after a power failure: the last receipt of a name
    /// is the only one that a shard is held against.
    private func synchronizeReused(_ read: [SpoolReader.Read]) throws {
        for kind in VectorRole.allCases {
            let isReused = try read.contains {
                try $0.file.kind == kind && corpus.receipt(kind: kind, name: $0.file.name) != nil
            }
            guard isReused else { continue }
            try FileSystem.synchronize(folder: folders.incoming(kind))
            try FileSystem.synchronize(folder: folders.taken(kind))
        }
    }

    private mutating func finish(_ read: SpoolReader.Read, _ receipt: Receipt, unchanged: Bool) throws {
        let isDone = try apart(read.file.name, again: stuck.knows(read.file)) {
            try $0.putaway.finish(read.file, ids: read.shard.note, receipt, unchanged: unchanged)
            $0.acknowledged.insert(receipt.number)
        }
        if !isDone { leave(read.file) }
    }

    /// Puts away a shard that had taken effect before.
    private mutating func finishLate(_ file: WaitingFile, _ receipt: Receipt, since started: Date) throws {
        let ids = try corpus.note(of: receipt) ?? []
        let isDone = try apart(file.name, again: stuck.knows(file)) {
            try $0.putaway.finishLate(file, ids: ids, receipt)
            $0.acknowledged.insert(receipt.number)
        }
        guard isDone else { return leave(file) }
        metrics.shard(receipt.kind, .unchanged)
        log("shard had taken effect before", receipt, seconds: Date().timeIntervalSince(started))
    }

    /// Brings the store to rest after a commit and what follows from it.
    private mutating func reclaimPages() throws {
        if try corpus.reclaimPages(acknowledging: acknowledged) { acknowledged.removeAll() }
    }

    /// Lets the references go that retention doesn't keep any more.
    package mutating func retire() throws {
        let count = try corpus.retire(settings().retention, now: Date())
        try reclaimPages()
        if count > 0 { logger.info("references retired", metadata: ["references": "\(count)"]) }
    }

    /// Looks into the spool for all but files that can't be put away, and aren't to be tried again now.
    package mutating func look() throws -> SpoolScan {
        stuck.forgetGone()
        return try SpoolScan(folders, isLeft: stuck.contains, isLeftName: stuck.contains)
    }

    /// Seconds until a file that can't be put away is to be tried again.
    package var stuckDelay: Double? { stuck.delay }

    /// Takes away a file whose name isn't UTF-8.
    ///
    /// - Returns: whether it is away.
    package mutating func refuse(_ name: FileName, _ kind: VectorRole) throws -> Bool {
        heartbeat.beat()
        let isDone = try apart(name.escaped, again: stuck.knows(name, kind)) {
            $0.status.add(try $0.putaway.refuse(name, kind, now: Date()))
            $0.metrics.shard(kind, .rejected)
            $0.logger.warning("shard refused", metadata: ["name": "\(name.escaped)", "code": "bad_name"])
        }
        if !isDone { stuck.add(name, kind) }
        return isDone
    }

    private mutating func refuse(_ file: WaitingFile, ids: FileSystem.Entry?, _ error: ShardError) throws {
        var left: String?
        let isDone = try apart(file.name, again: stuck.knows(file)) {
            guard let (failure, ids) = try $0.putaway.refuse(file, ids: ids, error, now: Date()) else { return }
            left = ids
            $0.status.add(failure)
            $0.metrics.shard(file.kind, .rejected)
            $0.logger.warning(
                "shard refused",
                metadata: [
                    "name": "\(file.name)", "kind": "\(file.kind.rawValue)", "code": "\(error.code.rawValue)",
                    "reason": "\(error.message)",
                ])
        }
        if !isDone { leave(file) }
        if let left { try apart(left) { try $0.putaway.refuseIDs(left, file.kind) } }
    }

    private func log(_ message: Logger.Message, _ receipt: Receipt, seconds: Double) {
        var metadata: Logger.Metadata = [
            "name": "\(receipt.name)", "kind": "\(receipt.kind.rawValue)", "action": "\(receipt.action.rawValue)",
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
        logger.info(message, metadata: metadata)
    }
}

extension ShardError {
    /// A rejection by the corpus, as the reason that goes with the shard.
    package init(_ rejection: ShardRejection) {
        switch rejection {
        case .wrongDimension(let found, let expected): self = .wrongDimension(found: found, expected: expected)
        case .dimensionTooLarge(let found):
            self.init(
                code: .badShape, message: "The vectors have \(found) numbers; a vector may have 65536.",
                advice: "Use embeddings of fewer dimensions.")
        case .zeroVectors(let rows): self = .zeroVector(rows: rows)
        case .tooLarge(let rows): self = .normTooLarge(rows: rows)
        }
    }
}
