internal import Foundation
internal import LMDB

/// The shards of one write transaction on their way into the tables.
///
/// Neighbours of one kind whose ids differ are collected into a *run* and applied together: a hundred shards of one
/// reference each then cost one pass over the images, not a hundred.
struct Commit {
    private var state: StoreState
    private let before: StoreState
    private let tables: Tables
    private let receipts: ReceiptTable
    private let makeUpkeep: (Int) -> Upkeep

    private var run = Run(kind: .images)
    private var outcomes: [Entry] = []

    /// What is known of a shard so far.
    private enum Entry {
        case decided(ShardOutcome)
        /// It is in the commit: its receipt waits for the end.
        case taken(IncomingShard, replaced: Int)
    }

    /// Shards of one kind, to be applied together.
    private struct Run {
        var kind: Kind
        /// For each shard, its place in `outcomes`, and how many rows it has.
        var shards: [(entry: Int, rows: Int)] = []
        var ids: [String] = []
        var known: Set<String> = []
        var values: [Float] = []
    }

    init(state: StoreState, tables: Tables, upkeep: @escaping (Int) -> Upkeep) {
        self.state = state
        before = state
        self.tables = tables
        receipts = ReceiptTable(tables: tables)
        makeUpkeep = upkeep
    }

    /// Adds a shard.
    ///
    /// - Parameter values: its vectors as they will be stored, or why they can't be.
    mutating func take(
        _ shard: IncomingShard, values: Result<[Float], any Error>, in transaction: borrowing WriteTransaction
    ) throws {
        if let receipt = try receipts.last(kind: shard.kind, name: shard.name, in: transaction),
            receipt.covers(shard)
        {
            outcomes.append(.decided(.unchanged(receipt)))
            return
        }
        if state.dimension > 0, shard.dimension != state.dimension {
            let refusal = ShardRefusal.wrongDimension(found: shard.dimension, expected: state.dimension)
            outcomes.append(.decided(.refused(refusal)))
            return
        }
        let vectors: [Float]
        do {
            vectors = try values.get()
        } catch let refusal as ShardRefusal {
            outcomes.append(.decided(.refused(refusal)))
            return
        }
        state.dimension = shard.dimension
        if run.kind != shard.kind || !run.known.isDisjoint(with: shard.ids) {
            try applyRun(in: transaction)
            run.kind = shard.kind
        }
        run.shards.append((outcomes.count, shard.ids.count))
        if run.values.isEmpty {
            (run.ids, run.values) = (shard.ids, vectors)
        } else {
            run.ids += shard.ids
            run.values += vectors
        }
        run.known.formUnion(shard.ids)
        outcomes.append(.taken(shard, replaced: 0))
    }

    /// Applies what is left, and writes receipts and state.
    mutating func finish(now: Date, in transaction: borrowing WriteTransaction) throws -> [ShardOutcome] {
        try applyRun(in: transaction)
        let changed = outcomes.contains { if case .taken = $0 { true } else { false } }
        if changed { state.generation += 1 }
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
        let existed: [Bool]
        switch run.kind {
        case .images: existed = try applyImages(in: transaction)
        case .references: existed = try applyReferences(in: transaction)
        }
        var start = 0
        for (entry, rows) in run.shards {
            if case .taken(let shard, _) = outcomes[entry] {
                outcomes[entry] = .taken(shard, replaced: existed[start..<start + rows].count { $0 })
            }
            start += rows
        }
        run = Run(kind: run.kind)
    }

    /// Stores the run's images, new or replaced, and searches their heaps.
    private mutating func applyImages(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let upkeep = makeUpkeep(state.dimension)
        let identities = IdentityTable(tables: tables.images)
        let (rows, existed) = try identities.assign(run.ids, rows: &state.images, in: transaction)
        try upkeep.vectors(.images).write(run.values.span, rows: rows, in: transaction)
        try upkeep.buildHeaps(rows: rows, values: run.values, references: state.references, in: transaction)
        return existed
    }

    /// Stores the run's references, new or replaced, and takes all heaps through the change.
    private mutating func applyReferences(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let upkeep = makeUpkeep(state.dimension)
        let identities = IdentityTable(tables: tables.references)
        let countBefore = state.references.count
        let (rows, existed) = try identities.assign(run.ids, rows: &state.references, in: transaction)
        try upkeep.vectors(.references).write(run.values.span, rows: rows, in: transaction)
        let removed = RowSet(zip(rows, existed).filter(\.1).map(\.0))
        try upkeep.apply(
            ReferenceChange(
                removed: removed, addedRows: rows, addedValues: run.values,
                countBetween: countBefore - removed.count, count: state.references.count),
            images: state.images, references: state.references, in: transaction)
        return existed
    }
}
