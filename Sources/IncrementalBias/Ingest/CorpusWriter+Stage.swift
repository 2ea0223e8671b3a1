internal import LMDB
internal import ShardFormats
internal import VectorMath

/// Some images of a large shard that are computed and not yet stored.
private struct StagedPiece: Sendable {
    let rows: ArraySlice<UInt32>
    /// The images' vectors, rows x dimension.
    let values: [Float]
    let codes: EncodedRows
    let heaps: [HeapChanges]
}

extension CorpusWriter {
    /// The size of the vectors that are computed together, in bytes.
    private static let bytesPerPiece = 16 << 20
    /// The size of written values after which a commit ends, in bytes; its pages are in memory until then.
    private static let bytesPerCommit = 64 << 20

    /// Stores the vectors, codes and heaps of new images; see ``Corpus/stage(ids:from:rowsPerPiece:)``.
    func stage(ids: [String], from source: any VectorSource, rowsPerPiece: Int?) throws -> StagedImages? {
        let dimension = source.dimension
        precondition(ids.count == source.rows)
        guard dimension <= StoreLayout.largestDimension else { throw ShardRejection.dimensionTooLarge(dimension) }
        let (state, plan) = try environment.read { transaction in
            let state = try tables.state(in: transaction)
            return (state, try IdentityTable(tables: tables.images).plan(ids, rows: state.images, in: transaction))
        }
        guard state.dimension == 0 || state.dimension == dimension else {
            throw ShardRejection.wrongDimension(found: dimension, expected: state.dimension)
        }
        guard !plan.existed.contains(true) else { return nil }
        let rowsPerPiece =
            rowsPerPiece ?? max(1, min(BiasMaintenance.imagesPerBatch, Self.bytesPerPiece / (4 * dimension)))
        let number = try beginStaging()
        do {
            let columns = try store(source, plan.rows, state.references, rowsPerPiece: rowsPerPiece)
            return StagedImages(
                dimension: dimension, plan: plan, columns: columns, state: state, number: number, writer: self)
        } catch {
            try? discardStaged(number)
            throw error
        }
    }

    /// Computes and stores images piece by piece: one thread stores a piece while the other computes the next.
    ///
    /// - Returns: the means and thresholds of the images.
    private func store(
        _ source: any VectorSource, _ rows: [UInt32], _ references: StoreState.Rows, rowsPerPiece: Int
    ) throws -> [HeapChanges] {
        let pieces = BoundedQueue<StagedPiece>(limit: 1)
        let maintenance = maintenance(dimension: source.dimension)
        let columns = try stagePool.run(count: 2) {
            [HeapChanges]()
        } body: { columns, part in
            if part == 0 {
                pieces.finish(
                    Result {
                        try makePieces(of: source, rows, maintenance, references, rowsPerPiece: rowsPerPiece, pieces)
                    })
            } else {
                defer { pieces.cancel() }
                columns = try store(pieces, maintenance)
            }
        }
        return columns.flatMap(\.self)
    }

    /// Reads vectors and computes codes and heaps, piece by piece.
    private func makePieces(
        of source: any VectorSource, _ rows: [UInt32], _ maintenance: BiasMaintenance, _ references: StoreState.Rows,
        rowsPerPiece: Int, _ pieces: BoundedQueue<StagedPiece>
    ) throws {
        let preparation = VectorPreparation(settings: settings, pool: pool)
        // One snapshot serves for all pieces: no other commit changes the references meanwhile.
        try environment.read { transaction in
            let references = try maintenance.mapped(references, for: rows.count, in: transaction)
            for start in stride(from: 0, to: rows.count, by: rowsPerPiece) {
                let range = start..<min(start + rowsPerPiece, rows.count)
                let vectors = try preparation.run(
                    source.read(rows: range.count), dimension: source.dimension, firstRow: range.lowerBound)
                let batch = range.map { (row: rows[$0], position: $0 - range.lowerBound) }
                try pieces.send(
                    StagedPiece(
                        rows: rows[range], values: vectors.values,
                        codes: try maintenance.codes.encode(vectors.values, 0..<range.count, pool: maintenance.pool),
                        heaps: try maintenance.freshHeaps(batch, values: vectors.values, among: references)))
            }
        }
    }

    /// Stores pieces in the order of the queue, in several commits.
    ///
    /// - Returns: the means and thresholds of the images, which only the commit of the shard may store.
    private func store(_ pieces: BoundedQueue<StagedPiece>, _ maintenance: BiasMaintenance) throws -> [HeapChanges] {
        var columns: [HeapChanges] = []
        while let first = try pieces.receive() {
            try environment.write { transaction in
                var next: StagedPiece? = first
                while let piece = next {
                    try priority.yieldToSearches()
                    try maintenance.codes.write(piece.codes, rows: piece.rows, in: transaction)
                    try maintenance.vectors(.images).write(piece.values.span, rows: Array(piece.rows), in: transaction)
                    for var changes in piece.heaps {
                        try maintenance.write(changes, in: transaction)
                        changes.words = []
                        columns.append(changes)
                    }
                    next = transaction.writtenBytes < Self.bytesPerCommit ? try pieces.receive() : nil
                }
            }
        }
        return columns
    }
}
