import FoundationEssentials
import IncrementalBias
import Logging
import Shards

/// Brings waiting files through the corpus: reads them, lets them take effect in one commit, puts them away.
struct Intake {
    let corpus: Corpus
    let folders: SpoolFolders
    let settings: LiveSettings
    let journal: SpoolJournal
    let metrics: DaemonMetrics
    /// Shows that the work goes on.
    let pulse: LoopPulse
    let logger: Logger

    /// Numbers of receipts whose files have been put away since the last commit.
    private var settled: [UInt64] = []
    /// How many files of the last ``take(_:)`` can't be read or put away now.
    private(set) var left = 0
    /// Whether one of them was changing.
    private(set) var isChanging = false
    /// Whether ``heal()`` has something to do again.
    private(set) var mustHeal = false
    private var stuck = StuckFiles()

    /// A commit begins once what was read takes so many bytes: files may be compressed.
    private static let bytesPerCommit = 128 << 20

    /// A file that was read.
    private struct Read {
        let file: WaitingFile
        let ids: FileSystem.Entry?
        let shard: IncomingShard

        /// About what it takes in memory.
        var byteCount: Int {
            let bytesPerID = 64
            let values = if case .vectors(let vectors) = shard.content { vectors.byteCount } else { 0 }
            return values + shard.ids.count * bytesPerID
        }
    }

    init(
        corpus: Corpus, folders: SpoolFolders, settings: LiveSettings, journal: SpoolJournal, metrics: DaemonMetrics,
        pulse: LoopPulse, logger: Logger
    ) {
        self.corpus = corpus
        self.folders = folders
        self.settings = settings
        self.journal = journal
        self.metrics = metrics
        self.pulse = pulse
        self.logger = logger
    }

    private var putaway: Putaway {
        Putaway(folders: folders, finishedShards: settings.now.finishedShards, largestShard: largestShard)
    }
    private var largestShard: Int { settings.now.largestShard }

    /// Puts away what a crash left lying.
    mutating func heal() throws {
        mustHeal = false
        for receipt in try corpus.unsettledReceipts() {
            // A later shard of its name has taken its place.
            let isLast = try corpus.receipt(kind: receipt.kind, name: receipt.name)?.number == receipt.number
            let isDone = try !isLast || apart(receipt.name) { try $0.putaway.heal(receipt) }
            if isDone { settled.append(receipt.number) }
            pulse.beat()
        }
        for kind in Kind.allCases {
            for name in try putaway.leftIDs(kind) { try apart(name) { try $0.putaway.refuseIDs(name, kind) } }
        }
    }

    /// Does what puts one file away.
    ///
    /// Where the fault is the file's, it waits for another try, and the others go on.
    ///
    /// - Returns: whether it is done.
    @discardableResult
    private mutating func apart(_ name: String, _ body: (inout Self) throws -> Void) throws -> Bool {
        do {
            try body(&self)
            return true
        } catch let error as SystemError where error.isOfOneFile {
            mustHeal = true
            metrics.spoolTrouble()
            logger.error("shard waits, it can't be put away", metadata: ["name": "\(name)", "reason": "\(error)"])
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
    mutating func take(_ files: [WaitingFile]) throws {
        let started = Date()
        var read: [Read] = []
        var bytes = 0
        (left, isChanging) = (0, false)
        for file in files {
            pulse.beat()
            if try putaway.isOccupied(file) {
                // Perhaps by one that is to be put away with these.
                try commit(read, since: started)
                (read, bytes) = ([], 0)
                if try putaway.isOccupied(file) {
                    leave(file)
                    continue
                }
            }
            if file.isTaken {
                guard let found = try reading(file, { try $0.receipt(ofTaken: file) }) else { continue }
                if let receipt = found {
                    try finishTaken(file, receipt, since: started)
                    continue
                }
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
    private mutating func reading<Result>(_ file: WaitingFile, _ body: (Self) throws -> Result) throws -> Result? {
        do {
            return try body(self)
        } catch let error as ShardError {
            try refuse(file, error)
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
    private mutating func commit(_ read: [Read], since started: Date) throws {
        guard !read.isEmpty else { return }
        let began = ContinuousClock.now
        let outcomes = try corpus.ingest(
            read.map(\.shard), settled: settled, retention: settings.now.retention, now: { Date() })
        metrics.committed(shards: read.count, took: .now - began)
        settled.removeAll()
        for (read, outcome) in zip(read, outcomes) {
            pulse.beat()
            switch outcome {
            case .applied(let receipt):
                metrics.applied(receipt)
                try finish(read, receipt, unchanged: false)
                log("shard took effect", receipt, seconds: Date().timeIntervalSince(started))
            case .unchanged(let receipt):
                metrics.shard(receipt.kind, .unchanged)
                try finish(read, receipt, unchanged: true)
                log("shard had taken effect before", receipt, seconds: Date().timeIntervalSince(started))
            case .refused(let refusal):
                try refuse(read.file, ShardError(refusal))
            }
        }
        try settle()
    }

    private mutating func finish(_ read: Read, _ receipt: Receipt, unchanged: Bool) throws {
        let isDone = try apart(read.file.name) {
            try $0.putaway.finish(read.file, ids: read.ids, receipt, unchanged: unchanged)
            $0.settled.append(receipt.number)
        }
        if !isDone { leave(read.file) }
    }

    /// The receipt of a file in `taken/` that took effect; `nil` where it was refused, or is still to be looked at.
    ///
    /// Its fate was decided before it came there, with the ids that lay beside it then.
    private func receipt(ofTaken file: WaitingFile) throws -> Receipt? {
        guard let receipt = try corpus.receipt(kind: file.kind, name: file.name),
            let open = try OpenShard(path: path(of: file), limit: largestShard), open.entry.isSameFile(as: file.entry),
            try open.digest() == receipt.sha256
        else { return nil }
        return receipt
    }

    private mutating func finishTaken(_ file: WaitingFile, _ receipt: Receipt, since started: Date) throws {
        let isDone = try apart(file.name) {
            try $0.putaway.finishTaken(file, receipt)
            $0.settled.append(receipt.number)
        }
        guard isDone else { return leave(file) }
        metrics.shard(receipt.kind, .unchanged)
        log("shard had taken effect before", receipt, seconds: Date().timeIntervalSince(started))
    }

    /// Brings the store to rest after a commit and what follows from it.
    private mutating func settle() throws {
        if try corpus.settle(settled) { settled.removeAll() }
    }

    /// What the name of a list of ids to delete ends in.
    private static let deletionSuffix = ".delete"
    private static let npySuffix = ".npy"

    /// Lets the references go that retention doesn't keep any more.
    mutating func retire() throws {
        let count = try corpus.retire(settings.now.retention, now: Date())
        try settle()
        if count > 0 { logger.info("references retired", metadata: ["references": "\(count)"]) }
    }

    /// Opens a file that is worth staging, as far as can be told by now.
    private func open(_ file: WaitingFile) throws -> LargeShard? {
        guard file.kind == .images, file.name.hasSuffix(Self.npySuffix), file.entry.size >= LargeShard.leastBytes,
            // One of this name may be the same, which only its digest will tell.
            try corpus.receipt(kind: file.kind, name: file.name) == nil,
            let open = try OpenShard(path: path(of: file), limit: largestShard), open.entry.isSameFile(as: file.entry),
            let plain = try open.plainNPY(limit: largestShard)
        else { return nil }
        return LargeShard(open, plain)
    }

    /// Brings the vectors of a large shard into the store, for a commit to make them known.
    ///
    /// - Returns: `nil` where it can't be staged, and must be read whole.
    private func stage(_ file: WaitingFile, _ large: LargeShard) throws -> Read? {
        let received = Date()
        let ids = try readIDs(of: file)
        let rowIDs = try ShardReader.ids(
            fileName: file.name, rows: large.rows, ids: ids?.bytes, maximumBytes: largestShard)
        do {
            guard let staged = try corpus.stage(ids: rowIDs, from: large) else { return nil }
            guard let sha256 = try large.finish() else {
                try corpus.discardStaged()
                throw OpenShard.EndedEarly()
            }
            return Read(
                file: file, ids: ids?.entry,
                shard: IncomingShard(
                    name: file.name, kind: file.kind, sha256: sha256, idsSHA256: ids?.sha256, ids: rowIDs,
                    content: .staged(staged), received: received))
        } catch let refusal as ShardRefusal {
            throw ShardError(refusal)
        }
    }

    private func path(of file: WaitingFile) -> String {
        "\(file.isTaken ? folders.taken(file.kind) : folders.incoming(file.kind))/\(file.name)"
    }

    private func read(_ file: WaitingFile) throws -> Read? {
        let received = Date()
        let isDeletion = file.name.hasSuffix(Self.deletionSuffix)
        guard
            let read = try ShardFile(
                path: path(of: file), limit: largestShard, isNPY: file.name.hasSuffix(Self.npySuffix)),
            read.entry.isSameFile(as: file.entry)
        else { return nil }
        let sha256 = read.sha256
        if isDeletion, case .bytes(let bytes) = read.content {
            return Read(
                file: file, ids: nil,
                shard: IncomingShard(
                    name: file.name, kind: file.kind, sha256: sha256, idsSHA256: nil,
                    ids: try IDList.read(bytes, maximumBytes: largestShard), content: .deletion, received: received))
        }
        let ids = try readIDs(of: file)
        let (rowIDs, vectors) = try prepare(shard(file.name, (consume read).content, ids: ids?.bytes))
        return Read(
            file: file, ids: ids?.entry,
            shard: IncomingShard(
                name: file.name, kind: file.kind, sha256: sha256, idsSHA256: ids?.sha256, ids: rowIDs,
                content: .vectors(vectors), received: received))
    }

    private func shard(_ name: String, _ content: consuming ShardFile.Content, ids: [UInt8]?) throws -> Shard {
        switch consume content {
        case .bytes(let bytes):
            try ShardReader.read(fileName: name, bytes: bytes, ids: ids, maximumBytes: largestShard)
        case .matrix(let matrix):
            try ShardReader.read(fileName: name, matrix: matrix, ids: ids, maximumBytes: largestShard)
        }
    }

    private func readIDs(of file: WaitingFile) throws -> ShardFile? {
        guard let name = Putaway.idsName(of: file.name) else { return nil }
        let path = "\(folders.incoming(file.kind))/\(name)"
        do {
            let ids = try ShardFile(path: path, limit: largestShard)
            // They are there, and changing.
            if ids == nil, try FileSystem.entry(path) != nil { throw OpenShard.EndedEarly() }
            return ids
        } catch let error as ShardError {
            throw ShardError(code: error.code, message: "\(name): \(error.message)", advice: error.advice)
        }
    }

    /// Whether a file can't be put away, and isn't to be tried again now.
    func isStuck(_ file: WaitingFile) -> Bool { stuck.contains(file) }

    /// Seconds until a file that can't be put away is to be tried again.
    var stuckDelay: Double? { stuck.delay }

    /// Takes away files whose names aren't UTF-8.
    mutating func refuse(_ names: [(kind: Kind, name: Name)]) throws {
        for (kind, name) in names where !stuck.contains(name, kind) {
            let isDone = try apart(name.escaped) {
                $0.journal.add(try $0.putaway.refuse(name, kind, now: Date()))
                $0.metrics.shard(kind, .refused)
                $0.logger.warning("shard refused", metadata: ["name": "\(name.escaped)", "code": "bad_name"])
            }
            if !isDone { stuck.add(name, kind) }
        }
    }

    /// Hands the vectors on to the corpus, which changes them in place because nobody else holds them any more.
    private func prepare(_ shard: consuming Shard) throws -> ([String], PreparedVectors) {
        let ids = shard.ids
        let dimension = shard.matrix.dimension
        let values = (consume shard).matrix.values
        do {
            return (ids, try corpus.prepare(consume values, dimension: dimension))
        } catch let refusal as ShardRefusal {
            throw ShardError(refusal)
        }
    }

    private mutating func refuse(_ file: WaitingFile, _ error: ShardError) throws {
        var left: String?
        let isDone = try apart(file.name) {
            let (failure, ids) = try $0.putaway.refuse(file, error, now: Date())
            left = ids
            $0.journal.add(failure)
            $0.metrics.shard(file.kind, .refused)
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
    /// A refusal by the corpus, as the reason that goes with the shard.
    fileprivate init(_ refusal: ShardRefusal) {
        switch refusal {
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
