internal import Foundation
internal import LMDB
internal import ShardFormats

/// Applies shards to the tables inside one write transaction.
///
/// Neighbouring shards of one role and action whose ids differ form a *run* and are applied together, so that a hundred
/// shards of one reference cost one pass over the images and not a hundred.
struct Commit {
    var state: StoreState
    private let before: StoreState
    let tables: Tables
    private let receipts: ReceiptTable
    let makeMaintenance: (Int) -> BiasMaintenance
    let retention: Retention
    let now: Date

    private(set) var run = Run(role: .images, action: .add)
    private var entries: [Entry] = []
    /// The effects that the outcomes don't tell.
    var summary = CommitSummary()

    /// The state of one shard in the commit.
    private enum Entry {
        /// The outcome is known.
        case decided(ShardOutcome)
        /// The shard takes effect; ``finish(in:)`` makes its receipt.
        case accepted(IncomingShard, replaced: Int)
    }

    /// Shards of one role and action that are applied together.
    struct Run {
        let role: VectorRole
        let action: Receipt.Action
        /// For each shard its index in `entries`, and its number of rows.
        var shards: [(entry: Int, rows: Int)] = []
        var ids: [String] = []
        /// The same ids, as a set.
        var known: Set<String> = []
        /// The vectors of the ids, ids.count x dimension; none in a deletion.
        var values: [Float] = []
    }

    /// Begins a commit.
    ///
    /// - Parameters:
    ///   - state: the state that the transaction read.
    ///   - maintenance: makes the maintenance of heaps for a dimension.
    ///   - retention: which references stay when new ones come.
    ///   - now: the time of the commit.
    init(
        state: StoreState, tables: Tables, maintenance: @escaping (Int) -> BiasMaintenance, retention: Retention,
        now: Date
    ) {
        self.state = state
        before = state
        self.tables = tables
        receipts = ReceiptTable(tables: tables)
        makeMaintenance = maintenance
        self.retention = retention
        self.now = now
    }

    /// Adds a shard, which takes effect at the latest in ``finish(in:)``.
    mutating func add(_ shard: IncomingShard, in transaction: borrowing WriteTransaction) throws {
        if let receipt = try receipts.last(role: shard.role, name: shard.name, in: transaction),
            receipt.covers(shard)
        {
            // The files of this drop must be moved too.
            try receipts.markPending(receipt, in: transaction)
            entries.append(.decided(.unchanged(receipt)))
            return
        }
        switch shard.content {
        case .staged(let images):
            try applyRun(in: transaction)
            try publishStaged(images, ids: shard.ids, in: transaction)
            entries.append(.accepted(shard, replaced: 0))
        case .deletion:
            try append(shard, .delete, [], in: transaction)
        case .vectors(let vectors):
            if let rejection = rejection(of: vectors) {
                entries.append(.decided(.rejected(rejection)))
                return
            }
            state.dimension = vectors.dimension
            try append(shard, .add, vectors.values, in: transaction)
        }
    }

    /// The reason why the corpus can't take vectors, or `nil`.
    private func rejection(of vectors: PreparedVectors) -> ShardRejection? {
        if vectors.dimension > StoreLayout.largestDimension { return .dimensionTooLarge(vectors.dimension) }
        if state.dimension == 0 || vectors.dimension == state.dimension { return nil }
        return .wrongDimension(found: vectors.dimension, expected: state.dimension)
    }

    /// Appends a shard to the run, or applies the run and begins another.
    private mutating func append(
        _ shard: IncomingShard, _ action: Receipt.Action, _ values: [Float], in transaction: borrowing WriteTransaction
    ) throws {
        if (run.role, run.action) != (shard.role, action) || !run.known.isDisjoint(with: shard.ids) {
            try applyRun(in: transaction)
            run = Run(role: shard.role, action: action)
        }
        run.shards.append((entries.count, shard.ids.count))
        if run.ids.isEmpty {
            (run.ids, run.values) = (shard.ids, values)
        } else {
            run.ids += shard.ids
            run.values += values
        }
        run.known.formUnion(shard.ids)
        entries.append(.accepted(shard, replaced: 0))
    }

    /// Applies the last run, and stores receipts and state.
    ///
    /// - Returns: the outcome of each shard, in the order in which they were added.
    mutating func finish(in transaction: borrowing WriteTransaction) throws -> [ShardOutcome] {
        try applyRun(in: transaction)
        let isEffective = entries.contains { if case .accepted = $0 { true } else { false } }
        if isEffective || state != before { state.generation += 1 }
        let outcomes = try entries.map { entry in
            switch entry {
            case .decided(let outcome): return outcome
            case .accepted(let shard, let replaced):
                let receipt = Receipt(
                    number: state.nextReceipt, shard: shard, replaced: replaced, generation: state.generation,
                    commitStarted: now)
                state.nextReceipt += 1
                try receipts.add(receipt, in: transaction)
                return .applied(receipt)
            }
        }
        if state != before { try tables.write(state, in: transaction) }
        return outcomes
    }

    private mutating func applyRun(in transaction: borrowing WriteTransaction) throws {
        guard !run.shards.isEmpty else { return }
        let existed =
            switch (run.role, run.action) {
            case (.images, .add): try addImages(in: transaction)
            case (.references, .add): try addReferences(in: transaction)
            case (.images, .delete): try deleteImages(in: transaction)
            case (.references, .delete): try deleteReferences(in: transaction)
            }
        var start = 0
        for (entry, rows) in run.shards {
            if case .accepted(let shard, _) = entries[entry] {
                entries[entry] = .accepted(shard, replaced: existed[start..<start + rows].count { $0 })
            }
            start += rows
        }
        run = Run(role: run.role, action: run.action)
    }
}
