internal import LMDB
internal import Similarity

extension Upkeep {
    /// Computes the heaps of images from scratch, by a Faiss search over all references, and stores them with their
    /// means and thresholds.
    ///
    /// - Parameters:
    ///   - rows: the images.
    ///   - values: their vectors as stored, rows.count x dimension.
    ///   - references: the rows of the references, whose vectors must be stored.
    func buildHeaps(
        rows: [UInt32], values: [Float], references: StoreState.Rows, in transaction: borrowing WriteTransaction
    ) throws {
        let order = rows.indices.sorted { rows[$0] < rows[$1] }
        for start in stride(from: 0, to: order.count, by: Self.imagesPerBatch) {
            let batch = Array(order[start..<min(start + Self.imagesPerBatch, order.count)])
            let parts = try searchReferences(
                batch, rows: rows, values: values, references: references, in: transaction)
            for changes in join(parts, references: references.count) {
                let starts = changes.rows.indices.map { $0 * layout.heaps.wordsPerHeap }
                try heaps.write(changes.words, starts: starts, rows: changes.rows, in: transaction)
                try means.write(changes.means, rows: changes.rows, in: transaction)
                try thresholds.write(changes.thresholds, rows: changes.rows, in: transaction)
            }
        }
    }

    /// Empties the heaps of images that leave, and sets their columns so that nothing finds or changes them.
    func eraseHeaps(rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        let rows = rows.sorted()
        let empty = Heap(capacity: layout.settings.capacity)
        var words: [UInt32] = []
        for _ in rows { empty.append(to: &words) }
        let nobody = [Float](repeating: .infinity, count: rows.count)
        let starts = rows.indices.map { $0 * layout.heaps.wordsPerHeap }
        try heaps.write(words, starts: starts, rows: rows, in: transaction)
        try means.write(nobody, rows: rows, in: transaction)
        try thresholds.write(nobody, rows: rows, in: transaction)
    }

    /// The most images that one search takes at a time.
    private static let imagesPerSearch = 512
    /// References that they meet at a time; between two such pieces a search may go first.
    private static let referencesPerStep = 512

    /// The best references of the images at `positions` of `values`: parts of heaps, split by image and, where there
    /// are few images, by reference too, so that every thread has work.
    private func searchReferences(
        _ positions: [Int], rows: [UInt32], values: [Float], references: StoreState.Rows,
        in transaction: borrowing WriteTransaction
    ) throws -> [HeapPart] {
        let dimension = layout.dimension
        let capacity = layout.settings.capacity
        let size = Self.imagesPerSearch
        let chunks = (positions.count + size - 1) / size
        let step = Self.referencesPerStep
        let blocks = (references.end + step - 1) / step
        let segments = chunks >= 2 * pool.threads ? 1 : max(1, min(pool.threads, blocks))
        let pinned = try vectors(.references).pin(0..<references.end, in: transaction)
        let (gate, k) = (gate, k)

        struct Worker {
            let search: ExhaustiveSearch
            var images: [Float] = []
            var references: [Float] = []
            var heap: Heap
            var parts: [HeapPart] = []
        }
        let workers = try pool.run(count: chunks * segments) {
            Worker(
                search: try ExhaustiveSearch(rows: min(size, positions.count), capacity: capacity),
                heap: Heap(capacity: capacity))
        } body: { worker, index in
            let (chunk, segment) = index.quotientAndRemainder(dividingBy: segments)
            let images = positions[chunk * size..<min((chunk + 1) * size, positions.count)]
            worker.images.removeAll(keepingCapacity: true)
            for position in images {
                worker.images.append(contentsOf: values[position * dimension..<(position + 1) * dimension])
            }
            worker.search.begin(rows: images.count)
            for block in blocks * segment / segments..<blocks * (segment + 1) / segments {
                try gate.pass()
                let columns = block * step..<min((block + 1) * step, references.end)
                pinned.copy(columns, to: &worker.references)
                try worker.search.add(
                    worker.images.span, columns: worker.references.span.extracting(first: columns.count * dimension),
                    dimension: dimension, firstColumn: UInt32(columns.lowerBound))
            }
            var part = HeapPart(chunk: chunk, segment: segment)
            for (image, position) in images.enumerated() {
                worker.heap.take(from: worker.search, row: image)
                part.changes.append(worker.heap, row: rows[position], k: k, references: references.count)
            }
            worker.parts.append(part)
        }
        return workers.flatMap(\.parts).sorted { ($0.chunk, $0.segment) < ($1.chunk, $1.segment) }
    }

    /// Puts parts of heaps together: the parts of one chunk hold the same images and different references.
    private func join(_ parts: [HeapPart], references: Int) -> [HeapChanges] {
        parts.chunked(by: \.chunk).map { group in
            guard group.count > 1 else { return parts[group.lowerBound].changes }
            var changes = HeapChanges()
            var heap = Heap(capacity: layout.settings.capacity)
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

/// What one piece of work found: the heaps of a chunk of images over a segment of the references.
private struct HeapPart {
    let chunk: Int
    let segment: Int
    var changes = HeapChanges()
}
