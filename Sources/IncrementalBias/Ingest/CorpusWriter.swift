internal import Foundation
internal import LMDB
internal import Synchronization

/// The only object that changes a store: it commits shards, and stages the images of large shards.
///
/// A *staging* stores the images of one large shard before the commit that makes them visible. At most one staging is
/// open at a time. It ends when its images are committed or discarded. The next other commit, the next staging and the
/// deallocation of its ``StagedImages`` discard it.
final class CorpusWriter: Sendable {
    let environment: LMDB.Environment
    let tables: Tables
    let settings: StoreSettings
    /// The threads that compute.
    let pool: WorkerPool
    let priority: SearchPriority
    private let limits: PendingLimits
    /// Two threads for a staging: one computes pieces, the other stores them.
    let stagePool = WorkerPool(threads: 2, name: "stage")
    let staging = Mutex(StagingNumbers())
    /// The receipts whose commit durations are known and not yet stored, by number.
    ///
    /// They contain the durations.
    private let receiptsWithDuration = Mutex<[UInt64: Receipt]>([:])
    /// How much of the past the change log keeps.
    let changeLogLimits = Mutex(ChangeLogLimits.standard)
    /// The checksum of the references that was computed last, with the number of the next arrival and the number of
    /// references then.
    let lastChecksum = Mutex<(version: (UInt64, Int), checksum: ReferenceChecksum)?>(nil)
    /// The block of codes from which ``recode(_:)`` looks for blocks with an old basis.
    let nextRecodedBlock = Atomic(0)
    /// What is known about the next changes of the cells.
    let cellWork = CellWork()
    /// The number of bytes of values that the last commit wrote.
    private let lastCommitBytes = Atomic(0)

    struct StagingNumbers {
        /// The number of the last staging; stagings are numbered from 1.
        var last = 0
        /// The number of the open staging, if there is one.
        var open: Int?
    }

    init(
        _ environment: LMDB.Environment, _ tables: Tables, settings: StoreSettings, pool: WorkerPool,
        priority: SearchPriority, limits: PendingLimits
    ) {
        self.environment = environment
        self.tables = tables
        self.settings = settings
        self.pool = pool
        self.priority = priority
        self.limits = limits
    }

    /// The bias maintenance for vectors of a dimension, with the k of the stored means.
    func maintenance(dimension: Int, k: Int) -> BiasMaintenance {
        BiasMaintenance(
            layout: StoreLayout(dimension: dimension, settings: settings), tables: tables, k: k, pool: pool,
            priority: priority, limits: limits)
    }

    /// Runs `body` in a write transaction, commits, and sets ``lastCommitBytes``.
    ///
    /// - Throws: ``StoreError/removed`` if the data file is no longer in its place, before or after the commit. A
    ///   commit to such a file is lost.
    func write<R>(_ body: (borrowing WriteTransaction) throws -> R) throws -> R {
        try checkDataFile()
        let result = try environment.write { transaction in
            defer { lastCommitBytes.store(transaction.writtenBytes, ordering: .relaxed) }
            return try body(transaction)
        }
        try checkDataFile()
        return result
    }

    /// Checks that the data file is in its place.
    ///
    /// - Throws: ``StoreError/removed``.
    func checkDataFile() throws(StoreError) {
        guard environment.isInPlace else { throw .removed }
    }

    /// Applies shards in one commit; see ``Corpus/ingest(_:acknowledged:retention:now:)``.
    func ingest(
        _ shards: [IncomingShard], acknowledged: Set<UInt64>, retention: Retention, now: () -> Date
    ) throws -> (outcomes: [ShardOutcome], summary: CommitSummary) {
        try checkStaged(in: shards)
        let (started, outcomes, summary) = try write { transaction in
            let started = ContinuousClock.now
            try acknowledge(acknowledged, in: transaction)
            var commit = try makeCommit(retention, now: now(), in: transaction)
            for shard in shards { try commit.add(shard, in: transaction) }
            return (started, try finish(&commit, in: transaction), commit.summary)
        }
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        for (shard, outcome) in zip(shards, outcomes) {
            if case .staged = shard.content, case .applied = outcome { staging.withLock { $0.open = nil } }
        }
        forgetDurations(of: acknowledged)
        return (outcomes.map { recordDuration(seconds, in: $0) }, summary)
    }

    /// Removes the references that `retention` does not keep, in one commit.
    ///
    /// If there are none, nothing is committed.
    ///
    /// - Returns: the summary of the commit; `nil` if there was none.
    func retire(_ retention: Retention, now: Date) throws -> CommitSummary? {
        try checkDataFile()
        let hasNothingToRemove = try environment.read { transaction in
            let count = try tables.state(in: transaction).references.count
            return try retention.rowsToRemove(count: count, tables.arrivals, now: now, in: transaction).isEmpty
        }
        if hasNothingToRemove { return nil }
        try discardStaged()
        return try write { transaction in
            var commit = try makeCommit(retention, now: now, in: transaction)
            try commit.retire(in: transaction)
            _ = try finish(&commit, in: transaction)
            return commit.summary
        }
    }

    /// If the corpus is empty and has a dimension, forgets the dimension.
    ///
    /// Stores of 0.1.0 kept the dimension of an emptied corpus.
    func forgetDimensionIfEmpty() throws {
        let state = try environment.read { try tables.state(in: $0) }
        guard state.isEmpty, state.dimension != 0 else { return }
        try write { transaction in
            var commit = try makeCommit(.everything, now: Date(), in: transaction)
            try commit.forgetDimensionIfEmpty(in: transaction)
            _ = try finish(&commit, in: transaction)
        }
    }

    /// Creates a commit without shards.
    private func makeCommit(
        _ retention: Retention, now: Date, in transaction: borrowing WriteTransaction
    ) throws -> Commit {
        let state = try tables.state(in: transaction)
        return Commit(
            state: state, tables: tables, maintenance: { [self] in maintenance(dimension: $0, k: state.k) },
            retention: retention, now: now)
    }

    /// If the last commit was large, makes a small one, so that the next commit can reuse the pages that the large one
    /// freed.
    ///
    /// LMDB does not reuse pages that the last commit freed, because the snapshot before it must stay complete; it
    /// reuses them from the second commit after it. Without a small commit in between, each of two large commits would
    /// grow the data file by all that it writes.
    ///
    /// - Parameter acknowledged: the numbers of receipts that the small commit acknowledges.
    /// - Returns: whether a commit was made; only then are the receipts acknowledged.
    func reclaimPages(acknowledging acknowledged: Set<UInt64>) throws -> Bool {
        guard lastCommitBytes.load(ordering: .relaxed) > Self.minimumBytesToReclaim else { return false }
        try commitEmpty(acknowledged)
        forgetDurations(of: acknowledged)
        return true
    }

    /// A commit that wrote more bytes than this is large.
    private static let minimumBytesToReclaim = 1 << 22

    /// Makes a commit that changes nothing but receipts, which it acknowledges.
    private func commitEmpty(_ acknowledged: Set<UInt64> = []) throws {
        try write { transaction in
            try acknowledge(acknowledged, in: transaction)
            // LMDB commits nothing if nothing was written.
            try tables.write(try tables.state(in: transaction), in: transaction)
        }
    }
}

extension CorpusWriter {
    /// The receipt with the duration of its commit, if the duration is known.
    func withDuration(_ receipt: Receipt) -> Receipt {
        receiptsWithDuration.withLock { $0[receipt.number] } ?? receipt
    }

    /// Returns the outcome of a shard with the duration of the commit in its receipt, and keeps that receipt until the
    /// duration is stored.
    private func recordDuration(_ seconds: Double, in outcome: ShardOutcome) -> ShardOutcome {
        switch outcome {
        case .applied(var receipt):
            receipt.commitSeconds = (seconds * 1e6).rounded() / 1e6
            receiptsWithDuration.withLock { $0[receipt.number] = receipt }
            return .applied(receipt)
        case .unchanged(let receipt): return .unchanged(withDuration(receipt))
        case .rejected: return outcome
        }
    }

    /// Makes receipts no longer pending, and stores the durations of their commits.
    private func acknowledge(_ numbers: Set<UInt64>, in transaction: borrowing WriteTransaction) throws {
        guard !numbers.isEmpty else { return }
        let receipts = ReceiptTable(tables: tables)
        let known = receiptsWithDuration.withLock { $0 }
        for number in numbers { try receipts.acknowledge(number, withDuration: known[number], in: transaction) }
    }

    /// Stores the durations of commits that are not yet stored, in one commit.
    ///
    /// If there are none, nothing is committed.
    func storeDurations() throws {
        let known = receiptsWithDuration.withLock { $0 }
        guard !known.isEmpty else { return }
        try write { transaction in
            let receipts = ReceiptTable(tables: tables)
            for receipt in known.values { try receipts.replace(receipt, in: transaction) }
        }
        forgetDurations(of: Set(known.keys))
    }

    /// Forgets the durations of commits that have been stored.
    private func forgetDurations(of numbers: Set<UInt64>) {
        guard !numbers.isEmpty else { return }
        receiptsWithDuration.withLock { receipts in
            for number in numbers { receipts[number] = nil }
        }
    }
}

extension CorpusWriter {
    /// Discards the open staging, if there is one, and opens another.
    ///
    /// - Returns: the number of the new staging.
    func beginStaging() throws -> Int {
        try discardStaged()
        return staging.withLock {
            $0.last += 1
            $0.open = $0.last
            return $0.last
        }
    }

    /// Checks that the staged images among `shards` belong to the open staging.
    ///
    /// If no shard has staged images, discards the open staging.
    private func checkStaged(in shards: [IncomingShard]) throws {
        let staged = shards.compactMap { shard in
            if case .staged(let images) = shard.content { images } else { nil }
        }
        guard !staged.isEmpty else { return try discardStaged() }
        let open = staging.withLock(\.open)
        precondition(
            staged.count == 1 && staged[0].isFrom(self) && staged[0].number == open,
            "staged images can be committed once, by the corpus that staged them, before any other change")
    }

    /// Discards the images of the open staging, if there is one.
    ///
    /// After ``Corpus/interruptIngest()`` they stay in the store, and the next process that opens it removes them.
    ///
    /// - Parameter number: discards only the staging with this number; `nil` for any.
    func discardStaged(_ number: Int? = nil) throws {
        let isOpen = staging.withLock { staging in
            guard let open = staging.open, number == nil || number == open else { return false }
            staging.open = nil
            return true
        }
        if isOpen, !priority.isClosed { try removeUnusedRows() }
    }

    /// Removes codes, vectors and heaps of rows from ``StoreState/RowCounts/end`` on: a staging that was not committed
    /// has left them.
    func removeUnusedRows() throws {
        let state = try environment.read { try tables.state(in: $0) }
        // A store without a dimension has no rows: any layout will do.
        let layout = StoreLayout(dimension: max(1, state.dimension), settings: settings)
        let end = state.images.end
        let heaps = end > 0 ? layout.heaps.page(of: end - 1) + 1 : 0
        let vectors = end > 0 ? layout.vectors.place(of: end - 1).block + 1 : 0
        let ends = [
            (tables.codes, layout.blocks(for: end)), (tables.signs, layout.blocks(for: end)),
            (tables.images.vectors, vectors), (tables.heaps, heaps),
        ]
        let isClean = try environment.read { transaction in
            try ends.allSatisfy { try !transaction.hasKeys($0.0, from: UInt32($0.1)) }
        }
        guard !isClean else { return }
        try write { transaction in
            for (table, end) in ends { try transaction.removeAll(table, from: UInt32(end)) }
        }
        // As in `reclaimPages`: after one more commit, the next images can use the freed pages.
        try commitEmpty()
    }
}
