internal import LMDB
internal import ShardFormats
internal import Synchronization
internal import VectorMath

/// A piece of a large shard that has been computed and is not yet stored.
private struct StagedPiece: Sendable {
    /// The rows of the images.
    let rows: ArraySlice<UInt32>
    /// The vectors of the images, rows.count x dimension.
    let values: [Float]
    /// The basis of the codes, and its version.
    let basis: (version: UInt32, basis: CodeBasis)
    let codes: EncodedRows
    let heaps: [ComputedHeaps]
}

extension CorpusWriter {
    /// The size of the vectors in one piece, in bytes.
    private static let bytesPerPiece = 16 << 20
    /// The number of bytes written after which a commit ends.
    ///
    /// LMDB keeps changed pages in memory until the commit. A piece of dimension 512 takes 21 MiB and its heaps: with
    /// small heaps four pieces make a commit, with those of k = 128 three.
    private static let bytesPerCommit = 72 << 20

    /// Stores the vectors, codes and heaps of new images; see ``Corpus/stage(ids:from:heaps:rowsPerPiece:)``.
    func stage(
        ids: [String], from source: any VectorSource, heaps: ImportedHeaps?, rowsPerPiece: Int?
    ) throws -> StagedImages? {
        let dimension = source.dimension
        precondition(ids.count == source.rows)
        guard dimension <= StoreLayout.maximumDimension else { throw ShardRejection.dimensionTooLarge(dimension) }
        let (state, plan) = try environment.read { transaction in
            let state = try tables.state(in: transaction)
            return (state, try IdentityTable(tables: tables.images).plan(ids, counts: state.images, in: transaction))
        }
        guard state.dimension == 0 || state.dimension == dimension else {
            throw ShardRejection.wrongDimension(found: dimension, expected: state.dimension)
        }
        guard !plan.existed.contains(true) else { return nil }
        let rowsPerPiece =
            rowsPerPiece ?? max(1, min(BiasMaintenance.imagesPerBatch, Self.bytesPerPiece / (4 * dimension)))
        let number = try beginStaging()
        do {
            let stored = try storePieces(of: source, heaps, plan.rows, state, rowsPerPiece: rowsPerPiece)
            return StagedImages(
                dimension: dimension, plan: plan, meansAndThresholds: stored, state: state, number: number,
                writer: self)
        } catch {
            try? discardStaged(number)
            throw error
        }
    }

    /// Computes and stores images piece by piece: one thread computes a piece while the other stores the previous one.
    ///
    /// - Parameters:
    ///   - rows: the rows that the images get, in the order of `source`.
    ///   - state: the counters of the store.
    /// - Returns: the means and thresholds of the images, without their heaps.
    private func storePieces(
        of source: any VectorSource, _ heaps: ImportedHeaps?, _ rows: [UInt32], _ state: StoreState, rowsPerPiece: Int
    ) throws -> [ComputedHeaps] {
        let pieces = BoundedQueue<StagedPiece>(limit: 1)
        let maintenance = maintenance(dimension: source.dimension, k: state.k)
        let stored = try stagePool.run(count: 2) {
            [ComputedHeaps]()
        } body: { stored, task in
            if task == 0 {
                pieces.finish(
                    Result {
                        try computePieces(
                            of: source, heaps, rows, maintenance, state, rowsPerPiece: rowsPerPiece, pieces)
                    })
            } else {
                defer { pieces.cancel() }
                stored = try writePieces(pieces, maintenance)
            }
        }
        return stored.flatMap(\.self)
    }

    /// Reads vectors, computes their codes and heaps, and sends the pieces to the queue `pieces`.
    private func computePieces(
        of source: any VectorSource, _ heaps: ImportedHeaps?, _ rows: [UInt32], _ maintenance: BiasMaintenance,
        _ state: StoreState, rowsPerPiece: Int, _ pieces: BoundedQueue<StagedPiece>
    ) throws {
        let preparation = VectorPreparation(settings: settings, pool: pool)
        // One read transaction is enough for all pieces: nothing else changes the references during a staging.
        try environment.read { transaction in
            var prepared: (basis: (version: UInt32, basis: CodeBasis), heaps: HeapSource)?
            for start in stride(from: 0, to: rows.count, by: rowsPerPiece) {
                let range = start..<min(start + rowsPerPiece, rows.count)
                let vectors = try preparation.run(
                    source.read(rows: range.count), dimension: source.dimension, firstRow: range.lowerBound)
                if prepared == nil {
                    let basis = try maintenance.basis(
                        forImages: vectors.values, references: state.references, in: transaction)
                    prepared = (
                        basis,
                        try heapSource(heaps, rows.count, maintenance, state, basis: basis.basis, in: transaction)
                    )
                }
                guard let (basis, heaps) = prepared else { continue }
                let batch = range.map { (row: rows[$0], position: $0 - range.lowerBound) }
                let computed =
                    switch heaps {
                    case .search(let references):
                        try maintenance.freshHeaps(batch, values: vectors.values, among: references)
                    case .imported(let heaps):
                        try maintenance.importHeaps(
                            batch, first: range.lowerBound, values: vectors.values, from: heaps)
                    }
                try pieces.send(
                    StagedPiece(
                        rows: rows[range], values: vectors.values, basis: basis,
                        codes: try maintenance.codes.encode(
                            vectors.values, 0..<range.count, basis: basis, pool: maintenance.pool),
                        heaps: computed))
            }
        }
    }

    /// Where the heaps of a shard's images come from.
    private enum HeapSource {
        /// A search over all references.
        case search(MappedReferences)
        case imported(PreparedHeaps)
    }

    private func heapSource(
        _ imported: ImportedHeaps?, _ images: Int, _ maintenance: BiasMaintenance, _ state: StoreState,
        basis: CodeBasis, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> HeapSource {
        guard let imported else {
            return .search(try maintenance.mapped(state.references, for: images, basis: basis, in: transaction))
        }
        let checksum = try referenceChecksum(state, maintenance, in: transaction)
        return .imported(
            try maintenance.prepare(
                imported, images: images, state.references, checksum, basis: basis, in: transaction))
    }

    /// The checksum of the references, which is kept until they change.
    private func referenceChecksum(
        _ state: StoreState, _ maintenance: BiasMaintenance, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> ReferenceChecksum {
        // Additions and replacements raise the number of the next arrival. Between two of them the count only falls.
        let version = (state.nextArrival, state.references.count)
        if let known = lastChecksum.withLock({ $0 }), known.version == version { return known.checksum }
        let vectors = try maintenance.vectors(.references).mapped(0..<state.references.end, in: transaction)
        let checksum = try maintenance.checksum(state.references, vectors, in: transaction)
        lastChecksum.withLock { $0 = (version, checksum) }
        return checksum
    }

    /// Receives pieces from the queue and stores their vectors, codes and heaps, in several commits.
    ///
    /// - Returns: the means and thresholds of the images, which the commit of the shard stores.
    private func writePieces(
        _ pieces: BoundedQueue<StagedPiece>, _ maintenance: BiasMaintenance
    ) throws -> [ComputedHeaps] {
        var meansAndThresholds: [ComputedHeaps] = []
        while let first = try pieces.receive() {
            try checkDataFile()
            try environment.write { transaction in
                var next: StagedPiece? = first
                while let piece = next {
                    try priority.yieldToSearches()
                    try maintenance.storeFirstBasis(piece.basis.basis, in: transaction)
                    try maintenance.codes.write(
                        piece.codes, piece.values, 0..<piece.rows.count, rows: piece.rows,
                        bases: try maintenance.codes.bases(in: transaction), in: transaction)
                    try maintenance.vectors(.images).write(piece.values.span, rows: Array(piece.rows), in: transaction)
                    for var changes in piece.heaps {
                        try maintenance.writeHeaps(changes, in: transaction)
                        changes.words = []
                        meansAndThresholds.append(changes)
                    }
                    next = transaction.writtenBytes < Self.bytesPerCommit ? try pieces.receive() : nil
                }
            }
        }
        return meansAndThresholds
    }
}
