internal import LMDB
internal import ShardFormats
internal import VectorMath

extension BiasMaintenance {
    /// Computes the heaps of images by a search over all references, and stores them with their means and thresholds.
    ///
    /// - Parameters:
    ///   - rows: the rows of the images, in any order.
    ///   - values: the images' vectors, rows.count x dimension, rounded to the store's precision.
    ///   - references: the counts of the references' rows. All vectors of references must be stored already.
    ///
    /// A basis of codes must be stored.
    ///
    /// - Throws: `CancellationError` if the commit is interrupted, or `LMDBError`.
    func buildHeaps(
        rows: [UInt32], values: [Float], references: StoreState.RowCounts, in transaction: borrowing WriteTransaction
    ) throws {
        let order = rows.indices.sorted { rows[$0] < rows[$1] }
        guard let basis = try codes.bases(in: transaction).newest else {
            throw StoreError.damaged("the codes have no basis")
        }
        var mapped = try mapped(references, for: rows.count, basis: basis.basis, in: transaction)
        for start in stride(from: 0, to: order.count, by: Self.imagesPerBatch) {
            let batch = order[start..<min(start + Self.imagesPerBatch, order.count)].map { (rows[$0], $0) }
            for computed in try freshHeaps(batch, values: values, among: mapped) {
                try writeHeaps(computed, in: transaction)
                try writeMeansAndThresholds(computed, in: transaction)
            }
            // Mapped vectors are valid only until a write: map them again.
            mapped.vectors = try vectors(.references).mapped(0..<references.end, in: transaction)
        }
    }

    /// Maps the vectors of all references, and encodes them if a search by codes is faster.
    ///
    /// - Parameters:
    ///   - imageCount: the number of images that the references will be compared with.
    ///   - basis: the basis of the codes.
    func mapped(
        _ references: StoreState.RowCounts, for imageCount: Int, basis: CodeBasis,
        in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedReferences {
        let vectors = try vectors(.references).mapped(0..<references.end, in: transaction)
        let usesCodes =
            imageCount >= Self.minimumImagesForCodes && layout.searchByCodesIsFaster(among: references.count)
        return MappedReferences(
            counts: references, vectors: vectors,
            codes: usesCodes ? try CodedReferences(vectors, end: references.end, basis: basis, pool: pool) : nil)
    }

    /// Computes the heaps of images by a search over all references.
    ///
    /// Stores nothing.
    ///
    /// - Parameters:
    ///   - batch: the images by ascending row. `position` is the index of the image's vector in `values`.
    ///   - values: vectors, count x dimension, rounded to the store's precision.
    ///   - references: all references.
    /// - Returns: the heaps in several parts, in the order of the batch.
    /// - Throws: `CancellationError` if the commit is interrupted, or `FaissFailure`.
    func freshHeaps(
        _ batch: [(row: UInt32, position: Int)], values: [Float], among references: MappedReferences
    ) throws -> [ComputedHeaps] {
        let (vectors, capacity) = (references.vectors, layout.settings.capacity)
        guard let codes = references.codes else {
            return try search(batch, values: values, references: references.counts) {
                try SearchByProducts(vectors, capacity: capacity)
            }
        }
        return try search(batch, values: values, references: references.counts) {
            SearchByCodes(vectors, codes, capacity: capacity)
        }
    }

    /// Stores heaps without their means and thresholds.
    func writeHeaps(_ computed: ComputedHeaps, in transaction: borrowing WriteTransaction) throws {
        let starts = computed.rows.indices.map { $0 * layout.heaps.wordsPerHeap }
        try heaps.write(computed.words, starts: starts, rows: computed.rows, in: transaction)
    }

    /// Stores the means and thresholds of heaps.
    ///
    /// After the commit, searches find the images.
    func writeMeansAndThresholds(_ computed: ComputedHeaps, in transaction: borrowing WriteTransaction) throws {
        try means.write(computed.means, rows: computed.rows, in: transaction)
        try thresholds.write(computed.thresholds, rows: computed.rows, in: transaction)
    }

    /// Empties the heaps of rows, and sets their means and thresholds to +infinity.
    ///
    /// Searches and maintenance then ignore the rows.
    func eraseHeaps(rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        var computed = ComputedHeaps()
        let empty = ReferenceHeap(capacity: layout.settings.capacity)
        for row in rows.sorted() {
            computed.append(empty, row: row, k: k, references: 0)
            computed.means[computed.means.count - 1] = .infinity
            computed.thresholds[computed.thresholds.count - 1] = .infinity
        }
        try writeHeaps(computed, in: transaction)
        try writeMeansAndThresholds(computed, in: transaction)
    }

    /// For fewer images than this, encoding the references takes more time than it saves.
    private static let minimumImagesForCodes = 512

    /// Finds the best references of some images, on all threads of the pool.
    ///
    /// The images are split into chunks of ``ReferenceSearch/maximumImages``. If there are fewer than two chunks for
    /// each thread, the references are split into segments too, so that every thread has work.
    ///
    /// - Parameters:
    ///   - batch: the images by ascending row. `position` is the index of the image's vector in `values`.
    ///   - references: the counts of the references' rows.
    ///   - makeSearch: makes the search that one thread uses; called once by each thread.
    /// - Returns: the heaps of each chunk, in the order of the batch.
    private func search<Search: ReferenceSearch>(
        _ batch: [(row: UInt32, position: Int)], values: [Float], references: StoreState.RowCounts,
        makeSearch: @Sendable () throws -> Search
    ) throws -> [ComputedHeaps] {
        let dimension = layout.dimension
        let capacity = layout.settings.capacity
        let chunkCount = (batch.count + Search.maximumImages - 1) / Search.maximumImages
        let pieceSize = Search.referencesPerPiece
        let pieceCount = (references.end + pieceSize - 1) / pieceSize
        let segmentCount = chunkCount >= 2 * pool.threads ? 1 : max(1, min(pool.threads, pieceCount))
        let (priority, k) = (priority, k)
        let workers = try pool.run(count: chunkCount * segmentCount) {
            (search: try makeSearch(), heap: ReferenceHeap(capacity: capacity), parts: [HeapPart]())
        } body: { worker, index in
            let (chunk, segment) = index.quotientAndRemainder(dividingBy: segmentCount)
            let images = batch[chunk * Search.maximumImages..<min((chunk + 1) * Search.maximumImages, batch.count)]
            var vectors: [Float] = []
            vectors.reserveCapacity(images.count * dimension)
            for (_, position) in images {
                vectors.append(contentsOf: values[position * dimension..<(position + 1) * dimension])
            }
            let pieces = pieceCount * segment / segmentCount..<pieceCount * (segment + 1) / segmentCount
            worker.search.begin(
                vectors,
                referenceCount: min(pieces.upperBound * pieceSize, references.end) - pieces.lowerBound * pieceSize)
            for piece in pieces {
                try priority.yieldToSearches()
                try worker.search.add(piece * pieceSize..<min((piece + 1) * pieceSize, references.end))
            }
            worker.search.finish()
            var part = HeapPart(chunk: chunk, segment: segment)
            for (image, (row, _)) in images.enumerated() {
                worker.search.copyBest(of: image, into: &worker.heap)
                part.heaps.append(worker.heap, row: row, k: k, references: references.count)
            }
            worker.parts.append(part)
        }
        return join(
            workers.flatMap(\.parts).sorted { ($0.chunk, $0.segment) < ($1.chunk, $1.segment) },
            references: references.count)
    }

    /// Merges the heaps that the segments of the references gave for the same chunk of images.
    ///
    /// - Parameters:
    ///   - parts: all parts, sorted by chunk.
    ///   - references: the number of references in the corpus.
    /// - Returns: the heaps of each chunk.
    private func join(_ parts: [HeapPart], references: Int) -> [ComputedHeaps] {
        parts.chunked(by: \.chunk).map { group in
            guard group.count > 1 else { return parts[group.lowerBound].heaps }
            var joined = ComputedHeaps()
            var heap = ReferenceHeap(capacity: layout.settings.capacity)
            var other = heap
            for (image, row) in parts[group.lowerBound].heaps.rows.enumerated() {
                heap.clear()
                for part in parts[group] {
                    let words = part.heaps.words
                    other.load(words.span, at: image * layout.heaps.wordsPerHeap)
                    heap.merge(other)
                }
                joined.append(heap, row: row, k: k, references: references)
            }
            return joined
        }
    }
}

/// The result of one piece of work: the heaps of a chunk of images, from a segment of the references.
private struct HeapPart {
    let chunk: Int
    let segment: Int
    var heaps = ComputedHeaps()
}
