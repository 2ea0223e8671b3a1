/// The columns of a pass over the images: first the means for each of `ks`, then stored columns.
package struct ImageColumns: Sendable {
    /// The numbers of largest similarities that the means of the heaps average.
    package var ks: [Int]
    /// Columns that were computed before, each with a number for each row.
    package var stored: [[Float]]
    /// For each row whether the pass sees it; `nil` for all rows.
    package var included: [Bool]?

    /// Creates columns.
    package init(ks: [Int] = [], stored: [[Float]] = [], included: [Bool]? = nil) {
        self.ks = ks
        self.stored = stored
        self.included = included
    }

    /// The number of columns.
    package var count: Int { ks.count + stored.count }
}

/// The vectors and columns of consecutive images.
struct ImageBlock: Sendable {
    let rows: Range<Int>
    /// The vectors, rows x dimension; NaN in rows without an image.
    let vectors: [Float]
    /// The columns, columns x rows; +infinity in rows without an image and in rows that the pass does not see.
    let columns: [Float]

    /// Whether a row of the block has an image.
    func isImage(_ row: Int) -> Bool { !vectors[(row - rows.lowerBound) * (vectors.count / rows.count)].isNaN }

    /// The numbers of one column.
    func column(_ column: Int) -> Range<Int> { column * rows.count..<(column + 1) * rows.count }
}

/// Reads images with their columns, on one thread.
struct ImageLoader {
    private let snapshot: CorpusSnapshot
    private let columns: ImageColumns
    private var pending: PendingEntryReader
    private var heap: ReferenceHeap
    /// Working memory for pending entries.
    private var buffer: ReferenceHeap

    init(_ snapshot: CorpusSnapshot, _ columns: ImageColumns) {
        self.snapshot = snapshot
        self.columns = columns
        pending = PendingEntryReader(snapshot.pending)
        heap = ReferenceHeap(capacity: snapshot.capacity)
        buffer = heap
    }

    /// Reads the images of `rows`; fastest if the ranges of successive calls ascend.
    mutating func load(_ rows: Range<Int>) -> ImageBlock {
        let dimension = snapshot.dimension
        var vectors = [Float](repeating: 0, count: rows.count * dimension)
        snapshot.images.copy(rows, to: &vectors)
        var values = [Float](repeating: .infinity, count: columns.count * rows.count)
        if !columns.ks.isEmpty { pending.read(rows) }
        for (index, row) in rows.enumerated() where !vectors[index * dimension].isNaN {
            if let included = columns.included, !included[row] { continue }
            if !columns.ks.isEmpty { readHeap(row) }
            for (column, k) in columns.ks.enumerated() { values[column * rows.count + index] = heap.mean(k: k) }
            for (column, stored) in columns.stored.enumerated() {
                values[(columns.ks.count + column) * rows.count + index] = stored[row]
            }
        }
        return ImageBlock(rows: rows, vectors: vectors, columns: values)
    }

    /// Loads the heap of a row of the range that was read last, with its pending entries.
    private mutating func readHeap(_ row: Int) {
        snapshot.heaps.load(row: row, into: &heap)
        heap.apply(pending.entries(of: row), using: &buffer)
    }

    /// The references in the heap of `row`, sorted by falling similarity.
    mutating func references(of row: Int) -> [(row: UInt32, similarity: Float)] {
        pending.read(row..<row + 1)
        readHeap(row)
        return (0..<heap.count).map { (heap.rows[$0], heap.similarities[$0]) }
    }
}
