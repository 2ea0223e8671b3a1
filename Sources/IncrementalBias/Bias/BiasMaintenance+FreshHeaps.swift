internal import LMDB
internal import ShardFormats
internal import VectorMath

extension BiasMaintenance {
    /// Computes the heaps of images by a search over all references, and stores them with their means and thresholds.
    ///
    /// - Parameters:
    ///   - rows: the images.
    ///   - values: the images' vectors, rows.count x dimension, rounded to the store's precision.
    ///   - references: the rows of the references, whose vectors must be stored.
    func buildHeaps(
        rows: [UInt32], values: [Float], references: StoreState.Rows, in transaction: borrowing WriteTransaction
    ) throws {
        let order = rows.indices.sorted { rows[$0] < rows[$1] }
        var mapped = try mapped(references, for: rows.count, in: transaction)
        for start in stride(from: 0, to: order.count, by: Self.imagesPerBatch) {
            let batch = order[start..<min(start + Self.imagesPerBatch, order.count)].map { (rows[$0], $0) }
            for changes in try freshHeaps(batch, values: values, among: mapped) {
                try write(changes, in: transaction)
                try writeColumns(changes, in: transaction)
            }
            // The write has ended the validity of the mapped vectors.
            mapped.vectors = try vectors(.references).mapped(0..<references.end, in: transaction)
        }
    }

    /// Maps all references for comparison with `images` images, and encodes them where a search by codes is faster.
    func mapped(
        _ references: StoreState.Rows, for images: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedReferences {
        let vectors = try vectors(.references).mapped(0..<references.end, in: transaction)
        let usesCodes = images >= Self.minimumImagesForCodes && layout.codesPay(among: references.count)
        return MappedReferences(
            rows: references, vectors: vectors,
            coded: usesCodes ? try CodedReferences(vectors, end: references.end, pool: pool) : nil)
    }

    /// Computes the heaps of images by a search over all references.
    ///
    /// - Parameters:
    ///   - batch: the images, rows rising, each with the index of its vector in `values`.
    ///   - values: vectors of `dimension` numbers, rounded to the store's precision.
    /// - Returns: the heaps, in the order of the batch.
    func freshHeaps(
        _ batch: [(row: UInt32, position: Int)], values: [Float], among references: MappedReferences
    ) throws -> [HeapChanges] {
        let (vectors, capacity) = (references.vectors, layout.settings.capacity)
        guard let coded = references.coded else {
            return try search(batch, values: values, references: references.rows) {
                try SearchByProducts(vectors, capacity: capacity)
            }
        }
        return try search(batch, values: values, references: references.rows) {
            SearchByCodes(vectors, coded, capacity: capacity)
        }
    }

    /// Stores heaps without their means and thresholds.
    func write(_ changes: HeapChanges, in transaction: borrowing WriteTransaction) throws {
        let starts = changes.rows.indices.map { $0 * layout.heaps.wordsPerHeap }
        try heaps.write(changes.words, starts: starts, rows: changes.rows, in: transaction)
    }

    /// Stores the means and thresholds of heaps; searches find the images from then on.
    func writeColumns(_ changes: HeapChanges, in transaction: borrowing WriteTransaction) throws {
        try means.write(changes.means, rows: changes.rows, in: transaction)
        try thresholds.write(changes.thresholds, rows: changes.rows, in: transaction)
    }

    /// Empties the heaps of rows and sets means and thresholds to +infinity, so that no search and no pass uses the rows.
    func eraseHeaps(rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        var changes = HeapChanges()
        let empty = ReferenceHeap(capacity: layout.settings.capacity)
        for row in rows.sorted() {
            changes.append(empty, row: row, k: k, references: 0)
            changes.means[changes.means.count - 1] = .infinity
            changes.thresholds[changes.thresholds.count - 1] = .infinity
        }
        try write(changes, in: transaction)
        try writeColumns(changes, in: transaction)
    }

    /// With fewer images than this, encoding the references takes longer than it saves.
    private static let minimumImagesForCodes = 512

    /// Finds the best references of some images.
    ///
    /// The work is split by image and, where there are few images, by reference too, so that every thread has some.
    ///
    /// - Parameters:
    ///   - batch: the images, rows rising, each with the index of its vector in `values`.
    ///   - makeSearch: makes the search of one thread.
    private func search<Search: ReferenceSearch>(
        _ batch: [(row: UInt32, position: Int)], values: [Float], references: StoreState.Rows,
        makeSearch: @Sendable () throws -> Search
    ) throws -> [HeapChanges] {
        let dimension = layout.dimension
        let capacity = layout.settings.capacity
        let chunks = (batch.count + Search.images - 1) / Search.images
        let step = Search.referencesPerPiece
        let pieces = (references.end + step - 1) / step
        let segments = chunks >= 2 * pool.threads ? 1 : max(1, min(pool.threads, pieces))
        let (priority, k) = (priority, k)
        let workers = try pool.run(count: chunks * segments) {
            (search: try makeSearch(), heap: ReferenceHeap(capacity: capacity), parts: [HeapPart]())
        } body: { worker, index in
            let (chunk, segment) = index.quotientAndRemainder(dividingBy: segments)
            let images = batch[chunk * Search.images..<min((chunk + 1) * Search.images, batch.count)]
            var vectors: [Float] = []
            vectors.reserveCapacity(images.count * dimension)
            for (_, position) in images {
                vectors.append(contentsOf: values[position * dimension..<(position + 1) * dimension])
            }
            let own = pieces * segment / segments..<pieces * (segment + 1) / segments
            worker.search.begin(
                vectors, references: min(own.upperBound * step, references.end) - own.lowerBound * step)
            for piece in own {
                try priority.yieldToSearches()
                try worker.search.add(piece * step..<min((piece + 1) * step, references.end))
            }
            worker.search.finish()
            var part = HeapPart(chunk: chunk, segment: segment)
            for (image, (row, _)) in images.enumerated() {
                worker.search.copyBest(of: image, into: &worker.heap)
                part.changes.append(worker.heap, row: row, k: k, references: references.count)
            }
            worker.parts.append(part)
        }
        return join(
            workers.flatMap(\.parts).sorted { ($0.chunk, $0.segment) < ($1.chunk, $1.segment) },
            references: references.count)
    }

    /// Joins parts of heaps: the parts of one chunk have the same images and different references.
    private func join(_ parts: [HeapPart], references: Int) -> [HeapChanges] {
        parts.chunked(by: \.chunk).map { group in
            guard group.count > 1 else { return parts[group.lowerBound].changes }
            var changes = HeapChanges()
            var heap = ReferenceHeap(capacity: layout.settings.capacity)
            var other = heap
            for (image, row) in parts[group.lowerBound].changes.rows.enumerated() {
                heap.clear()
                for part in parts[group] {
                    let words = part.changes.words
                    other.load(words.span, at: image * layout.heaps.wordsPerHeap)
                    heap.merge(other)
                }
                changes.append(heap, row: row, k: k, references: references)
            }
            return changes
        }
    }
}

/// The result of one piece of work: the heaps of a chunk of images over a segment of the references.
private struct HeapPart {
    let chunk: Int
    let segment: Int
    var changes = HeapChanges()
}
