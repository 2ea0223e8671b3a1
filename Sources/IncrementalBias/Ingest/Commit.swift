internal import Foundation
internal import LMDB
internal import ShardFormats

/// Applies shards to the tables, inside one write transaction.
///
/// Consecutive shards with the same role, action and source, and without a common id, form a ``ShardGroup`` and are applied
/// together. A hundred shards with one reference each then need one pass over the images, and not a hundred.
struct Commit {
    /// The counters of the store, which the commit changes.
    var state: StoreState
    /// The counters before the commit.
    let stateBefore: StoreState
    let tables: Tables
    private let receipts: ReceiptTable
    /// Returns the bias maintenance for vectors of a dimension.
    let makeMaintenance: (_ dimension: Int) -> BiasMaintenance
    let retention: Retention
    let now: Date
    /// The images that the applied groups have changed, for the change log.
    var changes = ChangedImages()

    /// The shards that are not yet applied.
    private(set) var group = ShardGroup(role: .images, action: .add)
    /// All shards of the commit, in the order in which they were added.
    private var entries: [Entry] = []
    /// The effects of the commit that the shards' outcomes do not contain.
    var summary = CommitSummary()

    /// A shard of the commit.
    private enum Entry {
        /// A shard that changes nothing.
        case decided(ShardOutcome)
        /// A shard that takes effect, and how many of its ids had a row before; 0 until its group has been applied.
        ///
        /// ``finish(in:)`` creates its receipt.
        case accepted(IncomingShard, replaced: Int)
    }

    /// Shards with the same role, action and source that are applied together.
    struct ShardGroup {
        let role: VectorRole
        let action: Receipt.Action
        var source = ReferenceSource.given
        /// For each shard its index in `entries`, and its number of ids.
        var shards: [(entry: Int, rows: Int)] = []
        /// The ids of all shards.
        var ids: [String] = []
        /// The same ids, as a set.
        var idSet: Set<String> = []
        /// The vectors, ids.count x dimension; empty in a deletion.
        var values: [Float] = []
    }

    /// Creates a commit without shards.
    ///
    /// - Parameters:
    ///   - state: the counters of the store, as the transaction read them.
    ///   - tables: the tables of the store.
    ///   - maintenance: returns the bias maintenance for vectors of a dimension.
    ///   - retention: the rule that decides which references are removed when references are added.
    ///   - now: the time of the commit.
    init(
        state: StoreState, tables: Tables, maintenance: @escaping (Int) -> BiasMaintenance, retention: Retention,
        now: Date
    ) {
        self.state = state
        stateBefore = state
        self.tables = tables
        receipts = ReceiptTable(tables: tables)
        makeMaintenance = maintenance
        self.retention = retention
        self.now = now
    }

    /// Adds a shard.
    ///
    /// It is applied when its group ends, at the latest in ``finish(in:)``.
    mutating func add(_ shard: IncomingShard, in transaction: borrowing WriteTransaction) throws {
        if let receipt = try receipts.last(role: shard.role, name: shard.name, in: transaction),
            receipt.covers(shard)
        {
            // The shard was dropped again, and its files must be moved again: the receipt is pending until then.
            try receipts.markPending(receipt, in: transaction)
            entries.append(.decided(.unchanged(receipt)))
            return
        }
        switch shard.content {
        case .staged(let images):
            try applyGroup(in: transaction)
            try publishStaged(images, ids: shard.ids, in: transaction)
            entries.append(.accepted(shard, replaced: 0))
        case .deletion:
            try append(shard, .delete, [], in: transaction)
        case .vectors(let vectors):
            // A deletion in the group can empty the corpus, and an empty corpus takes any dimension.
            if vectors.dimension != state.dimension { try applyGroup(in: transaction) }
            if let rejection = rejection(of: vectors) {
                entries.append(.decided(.rejected(rejection)))
                return
            }
            try append(shard, .add, vectors.values, in: transaction)
            // Not before: a deletion that `append` applies can empty the corpus, which forgets its dimension.
            state.dimension = vectors.dimension
        }
    }

    /// The reason why these vectors can't be added to the corpus, or `nil`.
    private func rejection(of vectors: PreparedVectors) -> ShardRejection? {
        if vectors.dimension > StoreLayout.maximumDimension { return .dimensionTooLarge(vectors.dimension) }
        if state.dimension == 0 || vectors.dimension == state.dimension { return nil }
        return .wrongDimension(found: vectors.dimension, expected: state.dimension)
    }

    /// Appends a shard to the group; if it does not fit into the group, applies the group first and begins another.
    private mutating func append(
        _ shard: IncomingShard, _ action: Receipt.Action, _ values: [Float], in transaction: borrowing WriteTransaction
    ) throws {
        let source = ReferenceSource(shard: shard.name)
        if (group.role, group.action, group.source) != (shard.role, action, source)
            || !group.idSet.isDisjoint(with: shard.ids)
        {
            try applyGroup(in: transaction)
            group = ShardGroup(role: shard.role, action: action, source: source)
        }
        group.shards.append((entries.count, shard.ids.count))
        if group.ids.isEmpty {
            (group.ids, group.values) = (shard.ids, values)
        } else {
            group.ids += shard.ids
            group.values += values
        }
        group.idSet.formUnion(shard.ids)
        entries.append(.accepted(shard, replaced: 0))
    }

    /// Applies the last group, and stores the receipts and the counters.
    ///
    /// - Returns: the outcome of each shard, in the order in which the shards were added.
    mutating func finish(in transaction: borrowing WriteTransaction) throws -> [ShardOutcome] {
        try applyGroup(in: transaction)
        let isEffective = entries.contains { if case .accepted = $0 { true } else { false } }
        if isEffective || state != stateBefore { state.generation += 1 }
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
        if state != stateBefore { try tables.write(state, in: transaction) }
        return outcomes
    }

    /// Applies the shards of the group and empties it.
    private mutating func applyGroup(in transaction: borrowing WriteTransaction) throws {
        guard !group.shards.isEmpty else { return }
        let existed =
            switch (group.role, group.action) {
            case (.images, .add): try addImages(in: transaction)
            case (.references, .add): try addReferences(in: transaction)
            case (.images, .delete): try deleteImages(in: transaction)
            case (.references, .delete): try deleteReferences(in: transaction)
            }
        var start = 0
        for (entry, rows) in group.shards {
            if case .accepted(let shard, _) = entries[entry] {
                entries[entry] = .accepted(shard, replaced: existed[start..<start + rows].count { $0 })
            }
            start += rows
        }
        group = ShardGroup(role: group.role, action: group.action)
        try forgetDimensionIfEmpty(in: transaction)
    }

    /// If the corpus has become empty, removes what is left of it, so that it takes vectors of any dimension again.
    mutating func forgetDimensionIfEmpty(in transaction: borrowing WriteTransaction) throws {
        guard state.isEmpty, state.dimension != 0 else { return }
        try tables.removeRows(in: transaction)
        (state.dimension, state.images, state.references) = (0, .init(), .init())
    }
}
