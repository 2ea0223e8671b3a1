internal import LMDB
internal import ShardFormats
internal import VectorMath

extension Corpus {
    /// Brings the vectors of a large shard of new images into the store, with their codes and heaps, in as many commits as
    /// it takes, without holding more than a few pieces of the shard in memory.
    ///
    /// Nothing finds these images, and nothing counts them, until ``ingest(_:acknowledged:retention:now:)`` gets the result as
    /// the content of a shard and commits what makes them known: they lie in rows that are free or behind the last one
    /// used. What a crash leaves there, the next start removes or the next images overwrite. While the images of one
    /// piece are being stored, the heaps of the next are computed.
    ///
    /// To be followed by that ingest at once: no other ingest may come between.
    ///
    /// - Parameters:
    ///   - ids: the shard's ids, no two the same, one a row.
    ///   - source: its vectors.
    ///   - rowsPerPiece: rows that are worked on together; by default as many as fill 16 MiB.
    /// - Returns: what was staged; `nil` where this shard can't be: it has the id of an image that there is already.
    /// - Throws: what `source` throws, ``ShardRejection`` where a vector can't be stored, `LMDBError` where the store can't be
    ///   written, `CancellationError` after ``interruptIngest()``. Then nothing of the shard is left.
    package func stage(ids: [String], from source: any VectorSource, rowsPerPiece: Int? = nil) throws -> StagedImages? {
        let dimension = source.dimension
        precondition(ids.count == source.rows)
        guard dimension <= StoreLayout.largestDimension else { throw ShardRejection.dimensionTooLarge(dimension) }
        let (state, plan) = try environment.read { transaction in
            let state = try Self.state(tables, in: transaction)
            return (state, try IdentityTable(tables: tables.images).plan(ids, rows: state.images, in: transaction))
        }
        guard state.dimension == 0 || state.dimension == dimension else {
            throw ShardRejection.wrongDimension(found: dimension, expected: state.dimension)
        }
        guard !plan.existed.contains(true) else { return nil }
        let pieces = BoundedQueue<StagedPiece>(limit: 1)
        let rowsPerPiece =
            rowsPerPiece ?? max(1, min(BiasMaintenance.imagesPerBatch, Self.bytesPerPiece / (4 * dimension)))
        let maintenance = maintenance(dimension: dimension)
        do {
            let columns = try stagePool.run(count: 2) {
                [HeapChanges]()
            } body: { columns, part in
                if part == 0 {
                    pieces.finish(
                        Result {
                            try makePieces(
                                of: source, plan.rows, maintenance, state.references, rowsPerPiece: rowsPerPiece, pieces
                            )
                        })
                } else {
                    defer { pieces.abandon() }
                    columns = try store(pieces, maintenance)
                }
            }
            return StagedImages(dimension: dimension, plan: plan, columns: columns.flatMap(\.self), state: state)
        } catch {
            if !(error is CancellationError) { try? discardStaged() }
            throw error
        }
    }

    /// Numbers of a shard that are worked on together, in bytes.
    private static let bytesPerPiece = 16 << 20
    /// A commit ends after so many bytes: its pages are held in memory until then.
    private static let bytesPerCommit = 64 << 20

    /// Reads and computes piece after piece.
    private func makePieces(
        of source: any VectorSource, _ rows: [UInt32], _ maintenance: BiasMaintenance, _ references: StoreState.Rows,
        rowsPerPiece: Int, _ pieces: BoundedQueue<StagedPiece>
    ) throws {
        // The references stay as they are: nobody else writes.
        try environment.read { transaction in
            let references = try maintenance.mapped(references, for: rows.count, in: transaction)
            for start in stride(from: 0, to: rows.count, by: rowsPerPiece) {
                let range = start..<min(start + rowsPerPiece, rows.count)
                let vectors = try prepare(
                    source.read(rows: range.count), dimension: source.dimension, firstRow: range.lowerBound)
                let batch = range.map { (row: rows[$0], position: $0 - range.lowerBound) }
                try pieces.give(
                    StagedPiece(
                        rows: rows[range], values: vectors.values,
                        codes: try maintenance.codes.encode(vectors.values, 0..<range.count, pool: maintenance.pool),
                        heaps: try maintenance.freshHeaps(batch, values: vectors.values, among: references)))
            }
        }
    }

    /// Stores pieces as they come.
    ///
    /// - Returns: what searches find the images by, which waits for the commit of the shard.
    private func store(_ pieces: BoundedQueue<StagedPiece>, _ maintenance: BiasMaintenance) throws -> [HeapChanges] {
        var columns: [HeapChanges] = []
        while let first = try pieces.take() {
            try environment.write { transaction in
                var next: StagedPiece? = first
                while let piece = next {
                    try gate.pass()
                    try maintenance.codes.write(piece.codes, rows: piece.rows, in: transaction)
                    try maintenance.vectors(.images).write(piece.values.span, rows: Array(piece.rows), in: transaction)
                    for var changes in piece.heaps {
                        try maintenance.write(changes, in: transaction)
                        changes.words = []
                        columns.append(changes)
                    }
                    next = transaction.writtenBytes < Self.bytesPerCommit ? try pieces.take() : nil
                }
            }
        }
        return columns
    }

    /// Removes what was staged behind the last row used and never committed.
    package func discardStaged() throws {
        let state = try state()
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
        // So that the next images can use the room.
        try commitEmpty()
    }
}

/// Some images of a large shard, computed and not yet stored.
private struct StagedPiece: Sendable {
    let rows: ArraySlice<UInt32>
    /// Their vectors, rows x dimension.
    let values: [Float]
    let codes: EncodedRows
    let heaps: [HeapChanges]
}
