internal import Foundation
internal import LMDB
internal import ShardFormats

/// The shards of one write transaction on their way into the tables.
///
/// Neighbours of one kind and action whose ids differ are collected into a *run* and applied together: a hundred shards
/// of one reference each then cost one pass over the images, not a hundred.
struct Commit {
    private var state: StoreState
    private let before: StoreState
    private let tables: Tables
    private let receipts: ReceiptTable
    private let makeMaintenance: (Int) -> BiasMaintenance
    private let retention: Retention
    private let now: Date

    private var run = Run(kind: .images, action: .add)
    private var outcomes: [Entry] = []
    /// What it does beside what the outcomes tell.
    private(set) var summary = CommitSummary()

    /// What is known of a shard so far.
    private enum Entry {
        case decided(ShardOutcome)
        /// It is in the commit: its receipt waits for the end.
        case taken(IncomingShard, replaced: Int)
    }

    /// Shards of one kind and action, to be applied together.
    private struct Run {
        let kind: VectorRole
        let action: Receipt.Action
        /// For each shard, its place in `outcomes`, and how many rows it has.
        var shards: [(entry: Int, rows: Int)] = []
        var ids: [String] = []
        var known: Set<String> = []
        var values: [Float] = []
    }

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

    /// Adds a shard.
    mutating func take(_ shard: IncomingShard, in transaction: borrowing WriteTransaction) throws {
        if let receipt = try receipts.last(kind: shard.kind, name: shard.name, in: transaction),
            receipt.covers(shard)
        {
            // Its files wait to be put away once more.
            try receipts.markPending(receipt, in: transaction)
            outcomes.append(.decided(.unchanged(receipt)))
            return
        }
        if case .staged(let images) = shard.content {
            try applyRun(in: transaction)
            try takeUp(images, ids: shard.ids, in: transaction)
            outcomes.append(.taken(shard, replaced: 0))
            return
        }
        var values: [Float] = []
        var action = Receipt.Action.delete
        if case .vectors(let vectors) = shard.content {
            guard vectors.dimension <= StoreLayout.largestDimension else {
                outcomes.append(.decided(.rejected(.dimensionTooLarge(vectors.dimension))))
                return
            }
            guard state.dimension == 0 || vectors.dimension == state.dimension else {
                let rejection = ShardRejection.wrongDimension(found: vectors.dimension, expected: state.dimension)
                outcomes.append(.decided(.rejected(rejection)))
                return
            }
            state.dimension = vectors.dimension
            (values, action) = (vectors.values, .add)
        }
        if (run.kind, run.action) != (shard.kind, action) || !run.known.isDisjoint(with: shard.ids) {
            try applyRun(in: transaction)
            run = Run(kind: shard.kind, action: action)
        }
        run.shards.append((outcomes.count, shard.ids.count))
        if run.ids.isEmpty {
            (run.ids, run.values) = (shard.ids, values)
        } else {
            run.ids += shard.ids
            run.values += values
        }
        run.known.formUnion(shard.ids)
        outcomes.append(.taken(shard, replaced: 0))
    }

    /// Applies what is left, and writes receipts and state.
    ///
    /// - Returns: what became of each shard, in the order in which they were taken.
    mutating func finish(in transaction: borrowing WriteTransaction) throws -> [ShardOutcome] {
        try applyRun(in: transaction)
        let taken = outcomes.contains { if case .taken = $0 { true } else { false } }
        if taken || state != before { state.generation += 1 }
        let results = try outcomes.map { entry in
            switch entry {
            case .decided(let outcome): return outcome
            case .taken(let shard, let replaced):
                let receipt = Receipt(
                    number: state.nextReceipt, shard: shard, replaced: replaced, generation: state.generation,
                    committed: now)
                state.nextReceipt += 1
                try receipts.add(receipt, in: transaction)
                return .applied(receipt)
            }
        }
        if state != before { try transaction.put(tables.meta, "state", state.encoded.span) }
        return results
    }

    private mutating func applyRun(in transaction: borrowing WriteTransaction) throws {
        guard !run.shards.isEmpty else { return }
        let existed =
            switch (run.kind, run.action) {
            case (.images, .add): try addImages(in: transaction)
            case (.references, .add): try addReferences(in: transaction)
            case (.images, .delete): try deleteImages(in: transaction)
            case (.references, .delete): try deleteReferences(in: transaction)
            }
        var start = 0
        for (entry, rows) in run.shards {
            if case .taken(let shard, _) = outcomes[entry] {
                outcomes[entry] = .taken(shard, replaced: existed[start..<start + rows].count { $0 })
            }
            start += rows
        }
        run = Run(kind: run.kind, action: run.action)
    }
}

extension Commit {
    /// Stores the run's images, new or replaced, and searches their heaps.
    ///
    /// - Returns: for each id of the run whether there was an image of it.
    private mutating func addImages(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let maintenance = makeMaintenance(state.dimension)
        let (rows, existed) = try IdentityTable(tables: tables.images)
            .assign(run.ids, rows: &state.images, in: transaction)
        // The longest values first: pages in a row that are free are then not used up by short ones.
        try maintenance.codes.write(run.values, rows: rows, pool: maintenance.pool, in: transaction)
        try maintenance.vectors(.images).write(run.values.span, rows: rows, in: transaction)
        try maintenance.buildHeaps(rows: rows, values: run.values, references: state.references, in: transaction)
        return existed
    }

    /// Makes images known that lie in the store already.
    private mutating func takeUp(
        _ images: StagedImages, ids: [String], in transaction: borrowing WriteTransaction
    ) throws {
        precondition(state == images.state, "something came between staging and commit")
        state.dimension = images.dimension
        try IdentityTable(tables: tables.images).record(images.plan, ids, rows: &state.images, in: transaction)
        let maintenance = makeMaintenance(state.dimension)
        for changes in images.columns { try maintenance.writeColumns(changes, in: transaction) }
    }

    /// Takes the run's images away.
    private mutating func deleteImages(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let (rows, existed) = try find(.images, in: transaction)
        guard !rows.isEmpty else { return existed }
        let maintenance = makeMaintenance(state.dimension)
        try maintenance.vectors(.images).erase(rows: rows, in: transaction)
        try maintenance.eraseHeaps(rows: rows, in: transaction)
        try IdentityTable(tables: tables.images).release(rows, rows: &state.images, in: transaction)
        return existed
    }

    /// Stores the run's references, new or replaced, lets those go that retention doesn't keep, and takes all heaps
    /// through the change in one pass.
    private mutating func addReferences(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let countBefore = state.references.count
        let (rows, existed) = try IdentityTable(tables: tables.references)
            .assign(run.ids, rows: &state.references, in: transaction)
        try tables.arrivals.append(rows, time: time, next: &state.nextArrival, in: transaction)
        let maintenance = makeMaintenance(state.dimension)
        try maintenance.vectors(.references).write(run.values.span, rows: rows, in: transaction)
        let replaced = zip(rows, existed).filter(\.1).map(\.0)
        let gone = try retired(in: transaction)
        summary.retired += gone.count
        try change(
            gone: gone, replaced: replaced, coming: rows, values: run.values,
            countBefore: countBefore, in: transaction)
        return existed
    }

    /// Takes the run's references away.
    private mutating func deleteReferences(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let (rows, existed) = try find(.references, in: transaction)
        if !rows.isEmpty { try change(gone: rows, countBefore: state.references.count, in: transaction) }
        return existed
    }

    /// Lets the references go that retention doesn't keep.
    mutating func retire(in transaction: borrowing WriteTransaction) throws {
        let rows = try retired(in: transaction)
        summary.retired += rows.count
        if !rows.isEmpty { try change(gone: rows, countBefore: state.references.count, in: transaction) }
    }

    /// Whether retention would let any reference go.
    static func expired(
        _ retention: Retention, _ tables: Tables, now: Date, in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        let state = try Corpus.state(tables, in: transaction)
        let commit = Commit(
            state: state, tables: tables, maintenance: { _ in preconditionFailure("only asks") }, retention: retention,
            now: now)
        return try !commit.retired(in: transaction).isEmpty
    }

    /// Takes references out of the corpus, and all heaps through the change.
    ///
    /// - Parameters:
    ///   - gone: rows that leave the corpus. They may be among those that come, where these came and went in one.
    ///   - replaced: rows that get another vector, all of them among those that come.
    ///   - coming: rows that get a vector; it is stored already.
    ///   - values: these vectors, coming.count x dimension.
    ///   - countBefore: how many references there were before any came.
    private mutating func change(
        gone: [UInt32], replaced: [UInt32] = [], coming: [UInt32] = [], values: [Float] = [], countBefore: Int,
        in transaction: borrowing WriteTransaction
    ) throws {
        let maintenance = makeMaintenance(state.dimension)
        let leaving = RowSet(gone)
        let kept = RowSet(replaced)
        let fresh = RowSet(coming.filter { !kept.contains($0) })
        var change = ReferenceChange(
            removed: RowSet(replaced + gone.filter { !fresh.contains($0) }), countBetween: 0, count: 0)
        change.countBetween = countBefore - change.removed.count
        (change.addedRows, change.addedValues) = (coming, values)
        if coming.contains(where: leaving.contains) {
            let staying = coming.indices.filter { !leaving.contains(coming[$0]) }
            change.addedRows = staying.map { coming[$0] }
            change.addedValues = staying.flatMap { row in
                values[row * state.dimension..<(row + 1) * state.dimension]
            }
        }
        try tables.arrivals.remove(gone, in: transaction)
        try maintenance.vectors(.references).erase(rows: gone, in: transaction)
        try IdentityTable(tables: tables.references).release(gone, rows: &state.references, in: transaction)
        change.count = state.references.count
        summary.refilledHeaps += try maintenance.apply(
            change, images: state.images, references: state.references, in: transaction)
    }

    /// The rows of the run's ids, of those that there are, and for each id whether there is one.
    private func find(_ kind: VectorRole, in transaction: borrowing WriteTransaction) throws -> (
        rows: [UInt32], existed: [Bool]
    ) {
        let identities = IdentityTable(tables: tables[kind])
        let rows = try run.ids.map { try identities.row(of: $0, in: transaction) }
        return (rows.compactMap(\.self), rows.map { $0 != nil })
    }

    /// The references that retention doesn't keep, oldest first.
    private func retired(in transaction: borrowing some Transaction & ~Copyable) throws -> [UInt32] {
        guard retention != .everything else { return [] }
        let excess = retention.maximumReferences.map { state.references.count - $0 } ?? 0
        let youngest = retention.secondsToLive.map { now.addingTimeInterval(-$0).timeIntervalSince1970 * 1000 }
        return try tables.arrivals.oldest(in: transaction) { arrival, older in
            older < excess || youngest.map { Double(arrival.time) <= $0 } ?? false
        }
    }

    /// Milliseconds since 1970.
    private var time: UInt64 { UInt64(max(0, now.timeIntervalSince1970 * 1000)) }
}
