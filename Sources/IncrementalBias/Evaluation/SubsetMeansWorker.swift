internal import VectorMath

/// Computes the means of blocks of images over parts of the references, on one thread.
struct SubsetMeansWorker {
    private let snapshot: CorpusSnapshot
    private let ks: [Int]
    private let subsets: [ReferenceSubset]
    /// For each subset and row of a reference its position in the subset.
    private let positions: [[Int]]
    private let search: ExhaustiveSearch
    private var loader: ImageLoader
    private var heap: ReferenceHeap

    private static let maximumImages = 256
    private static let referencesPerPiece = 512

    init(
        _ snapshot: CorpusSnapshot, ks: [Int], subsets: [ReferenceSubset], positions: [[Int]]
    ) throws {
        (self.snapshot, self.ks, self.subsets, self.positions) = (snapshot, ks, subsets, positions)
        let largest = ks.max() ?? 1
        search = try ExhaustiveSearch(queries: Self.maximumImages, capacity: largest)
        loader = ImageLoader(snapshot, ImageColumns())
        heap = ReferenceHeap(capacity: max(largest, snapshot.capacity))
    }

    /// The means of the images of a block, a list for each column; +infinity in rows without an image.
    mutating func means(of block: ImageBlock) throws -> [[Float]] {
        let count = block.rows.count
        var columns: [[Float]] = []
        let heaps = block.rows.map { row in block.isImage(row) ? loader.references(of: row) : [] }
        for (number, subset) in subsets.enumerated() {
            let empty = [Float](repeating: .infinity, count: count)
            var means = Array(repeating: empty, count: subset.sizes.count * ks.count)
            // For each size the images whose heaps do not give their means, so that a search must.
            var open: [[Int]] = subset.sizes.map { _ in [] }
            for (index, row) in block.rows.enumerated() where block.isImage(row) {
                for (size, limit) in subset.sizes.enumerated() {
                    // A heap has the best references.
                    // It suffices if it has all, or if enough of them are in the subset.
                    let known = heaps[index].filter { positions[number][Int($0.row)] < limit }
                    if heaps[index].count == snapshot.state.references.count || known.count >= (ks.max() ?? 1) {
                        heap.clear()
                        for entry in known { heap.insert(entry.row, similarity: entry.similarity) }
                        write(&means, size, index)
                    } else {
                        open[size].append(index)
                    }
                }
            }
            try search(block, subset, open, &means)
            columns += means
        }
        return columns
    }

    private func write(_ means: inout [[Float]], _ size: Int, _ index: Int) {
        for (column, k) in ks.enumerated() { means[size * ks.count + column][index] = heap.mean(k: k) }
    }

    /// Compares images with the references of a subset, in their order, and computes the means at each size.
    ///
    /// - Parameter open: for each size the indices of the images whose means are needed.
    private mutating func search(
        _ block: ImageBlock, _ subset: ReferenceSubset, _ open: [[Int]], _ means: inout [[Float]]
    ) throws {
        guard let last = open.lastIndex(where: { !$0.isEmpty }) else { return }
        let dimension = snapshot.dimension
        let images = Set(open.joined()).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1, $0) })
        let vectors = images.flatMap { block.vectors[$0 * dimension..<($0 + 1) * dimension] }
        search.begin(queries: images.count)
        var start = 0
        for size in 0...last {
            while start < subset.sizes[size] {
                try snapshot.checkCancellation()
                try snapshot.pool.checkpoint()
                let end = min(start + Self.referencesPerPiece, subset.sizes[size])
                let references = snapshot.referenceVectors(subset.rows[start..<end])
                try search.add(vectors.span, vectors: references.span, dimension: dimension, firstRow: UInt32(start))
                start = end
            }
            for index in open[size] {
                heap.copy(from: search, query: numbers[index] ?? 0)
                write(&means, size, index)
            }
        }
    }
}
