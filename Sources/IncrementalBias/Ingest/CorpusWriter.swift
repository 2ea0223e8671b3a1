internal import Foundation
internal import LMDB
internal import Synchronization

/// The only object that changes a store: stages the images of large shards, and commits.
///
/// At most one staging is open at a time. It ends with the commit of its images, or it is discarded: by the next other
/// commit, the next staging, or with its ``StagedImages``. So staged images take effect with their shard or not at all.
final class CorpusWriter: Sendable {
    let environment: LMDB.Environment
    let tables: Tables
    let settings: StoreSettings
    /// How many of a heap's similarities a mean takes.
    let k: Int
    let pool: WorkerPool
    let priority: SearchPriority
    /// Of a staging, one thread computes pieces and the other stores them.
    let stagePool = WorkerPool(threads: 2, name: "stage")
    private let stagings = Mutex(Stagings())
    /// The receipts with the duration of their commits, by number, until these are stored.
    private let timed = Mutex<[UInt64: Receipt]>([:])
    /// The size of the values that the last commit wrote, in bytes.
    private let lastWrite = Atomic(0)

    private struct Stagings {
        var last = 0
        var open: Int?
    }

    init(
        _ environment: LMDB.Environment, _ tables: Tables, settings: StoreSettings, k: Int, pool: WorkerPool,
        priority: SearchPriority
    ) {
        self.environment = environment
        self.tables = tables
        self.settings = settings
        self.k = k
        self.pool = pool
        self.priority = priority
    }

    /// The maintenance of heaps of vectors of `dimension` numbers.
    func maintenance(dimension: Int) -> BiasMaintenance {
        BiasMaintenance(
            layout: StoreLayout(dimension: dimension, settings: settings), tables: tables, k: k, pool: pool,
            priority: priority)
    }

    /// Runs `body` in a write transaction, and records how much it writes.
    func write<R>(_ body: (borrowing WriteTransaction) throws -> R) throws -> R {
        try environment.write { transaction in
            defer { lastWrite.store(transaction.writtenBytes, ordering: .relaxed) }
            return try body(transaction)
        }
    }

    /// Applies shards in one commit; see ``Corpus/ingest(_:acknowledged:retention:now:)``.
    func ingest(
        _ shards: [IncomingShard], acknowledged: Set<UInt64>, retention: Retention, now: () -> Date
    ) throws -> (outcomes: [ShardOutcome], summary: CommitSummary) {
        try checkStaged(in: shards)
        let (started, outcomes, summary) = try write { transaction in
            let started = ContinuousClock.now
            try acknowledge(acknowledged, in: transaction)
            var commit = try commit(retention, now: now(), in: transaction)
            for shard in shards { try commit.add(shard, in: transaction) }
            return (started, try commit.finish(in: transaction), commit.summary)
        }
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        for (shard, outcome) in zip(shards, outcomes) {
            if case .staged = shard.content, case .applied = outcome { stagings.withLock { $0.open = nil } }
        }
        forgetTimes(of: acknowledged)
        return (outcomes.map { addTime(seconds, to: $0) }, summary)
    }

    /// Removes the references that `retention` doesn't keep, in one commit, if there are any.
    ///
    /// - Returns: `nil` where there are none.
    func retire(_ retention: Retention, now: Date) throws -> CommitSummary? {
        let isIdle = try environment.read { transaction in
            let count = try tables.state(in: transaction).references.count
            return try retention.expired(among: count, tables.arrivals, now: now, in: transaction).isEmpty
        }
        if isIdle { return nil }
        try discardStaged()
        return try write { transaction in
            var commit = try commit(retention, now: now, in: transaction)
            try commit.retire(in: transaction)
            _ = try commit.finish(in: transaction)
            return commit.summary
        }
    }

    private func commit(
        _ retention: Retention, now: Date, in transaction: borrowing WriteTransaction
    ) throws -> Commit {
        Commit(
            state: try tables.state(in: transaction), tables: tables, maintenance: maintenance(dimension:),
            retention: retention, now: now)
    }

    /// Makes an empty commit after a large one, so that the next commit can use the pages that the large one freed.
    ///
    /// LMDB reuses pages that were freed two commits ago, so that the snapshot before the last stays whole. Without an empty
    /// commit between them, two large commits would each grow the file by all that they write.
    ///
    /// - Returns: whether there was such a commit, with which the receipts are acknowledged.
    func reclaimPages(acknowledging acknowledged: Set<UInt64>) throws -> Bool {
        guard lastWrite.load(ordering: .relaxed) > Self.minimumBytesToReclaim else { return false }
        try commitEmpty(acknowledged)
        forgetTimes(of: acknowledged)
        return true
    }

    private static let minimumBytesToReclaim = 1 << 22

    /// Makes a commit that only acknowledges receipts.
    private func commitEmpty(_ acknowledged: Set<UInt64> = []) throws {
        try write { transaction in
            try acknowledge(acknowledged, in: transaction)
            try tables.write(try tables.state(in: transaction), in: transaction)
        }
    }
}

extension CorpusWriter {
    /// The receipt with the duration of its commit, as far as that is known.
    func addTime(to receipt: Receipt) -> Receipt {
        timed.withLock { $0[receipt.number] } ?? receipt
    }

    /// Adds the duration of the commit to the outcome of a shard.
    private func addTime(_ seconds: Double, to outcome: ShardOutcome) -> ShardOutcome {
        switch outcome {
        case .applied(var receipt):
            receipt.commitSeconds = (seconds * 1e6).rounded() / 1e6
            timed.withLock { $0[receipt.number] = receipt }
            return .applied(receipt)
        case .unchanged(let receipt): return .unchanged(addTime(to: receipt))
        case .rejected: return outcome
        }
    }

    /// Makes receipts no longer pending, and stores the duration of their commits.
    private func acknowledge(_ numbers: Set<UInt64>, in transaction: borrowing WriteTransaction) throws {
        guard !numbers.isEmpty else { return }
        let receipts = ReceiptTable(tables: tables)
        let timed = timed.withLock { $0 }
        for number in numbers { try receipts.acknowledge(number, timed: timed[number], in: transaction) }
    }

    /// Stores the durations of commits that are not yet stored, in one commit, if there are any.
    func storeTimes() throws {
        let known = timed.withLock { $0 }
        guard !known.isEmpty else { return }
        try write { transaction in
            let receipts = ReceiptTable(tables: tables)
            for receipt in known.values { try receipts.replace(receipt, in: transaction) }
        }
        forgetTimes(of: Set(known.keys))
    }

    /// Forgets the durations of commits that are stored now.
    private func forgetTimes(of numbers: Set<UInt64>) {
        guard !numbers.isEmpty else { return }
        timed.withLock { timed in
            for number in numbers { timed[number] = nil }
        }
    }
}

extension CorpusWriter {
    /// Opens a staging, and discards the one that is open.
    ///
    /// - Returns: the number of the staging.
    func beginStaging() throws -> Int {
        try discardStaged()
        return stagings.withLock {
            $0.last += 1
            $0.open = $0.last
            return $0.last
        }
    }

    /// Checks that the staged images among `shards` belong to the open staging, and discards that if there are none.
    private func checkStaged(in shards: [IncomingShard]) throws {
        let staged = shards.compactMap { shard in
            if case .staged(let images) = shard.content { images } else { nil }
        }
        guard !staged.isEmpty else { return try discardStaged() }
        let open = stagings.withLock(\.open)
        precondition(
            staged.count == 1 && staged[0].isFrom(self) && staged[0].number == open,
            "staged images can be committed once, by the corpus that staged them, before any other change")
    }

    /// Discards the images of a staging, if it is open.
    ///
    /// - Parameter number: the staging; `nil` for whichever is open.
    func discardStaged(_ number: Int? = nil) throws {
        let isOpen = stagings.withLock { stagings in
            guard let open = stagings.open, number == nil || number == open else { return false }
            stagings.open = nil
            return true
        }
        if isOpen, !priority.isClosed { try removeUnusedRows() }
    }

    /// Removes codes, vectors and heaps behind the last row used, which a staging without its commit has left.
    func removeUnusedRows() throws {
        let state = try environment.read { try tables.state(in: $0) }
        let layout = StoreLayout(dimension: max(1, state.dimension), settings: settings)
        let end = state.images.end
        let heaps = end > 0 ? layout.heaps.page(of: end - 1) + 1 : 0
        let vectors = end > 0 ? layout.vectors.place(of: end - 1).block + 1 : 0
        let ends = [
            (tables.codes, layout.blocks(for: end)), (tables.images.vectors, vectors), (tables.heaps, heaps),
        ]
        let isClean = try environment.read { transaction in
            try ends.allSatisfy { try !transaction.hasKeys($0.0, from: UInt32($0.1)) }
        }
        guard !isClean else { return }
        try write { transaction in
            for (table, end) in ends { try transaction.removeAll(table, from: UInt32(end)) }
        }
        // The next images can use the freed pages after one more commit.
        try commitEmpty()
    }
}
