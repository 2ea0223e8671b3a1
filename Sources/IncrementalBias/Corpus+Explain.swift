internal import LMDB
internal import ShardFormats
internal import VectorMath

/// The references that an image's bias is computed from.
package struct ImageExplanation: Sendable {
    package let id: String
    /// The stored mean of the k largest similarities; the bias is alpha times the mean.
    package let mean: Float
    /// The number of similarities that the mean averages: those of the first `used` elements of `references`.
    package let used: Int
    /// The references in the image's heap, sorted by falling similarity.
    package let references: [(id: String, similarity: Float)]
    /// The stored vector; `nil` if it was not asked for.
    package let vector: [Float]?
    /// The generation of the snapshot that all values come from.
    package let generation: UInt64
}

extension Corpus {
    /// Lists the references that determine the bias of the image `id`.
    ///
    /// - Parameters:
    ///   - id: the id.
    ///   - readsVector: whether the explanation has the stored vector.
    /// - Returns: `nil` if there is no such image.
    /// - Throws: `LMDBError` if the store can't be read; ``StoreError/damaged(_:)``.
    package func explainImage(_ id: String, readsVector: Bool = false) throws -> ImageExplanation? {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            guard state.dimension > 0, let row = try IdentityTable(tables: tables.images).row(of: id, in: transaction)
            else { return nil }
            let layout = StoreLayout(dimension: state.dimension, settings: settings)
            var heap = ReferenceHeap(capacity: settings.capacity)
            try loadHeap(Int(row), layout.heaps, into: &heap, in: transaction)
            let mean = try ColumnTable(database: tables.means, layout: layout).read(row: row, in: transaction)
            let identities = IdentityTable(tables: tables.references)
            let references = try (0..<heap.count).map { entry in
                guard let id = try identities.id(of: heap.rows[entry], in: transaction) else {
                    throw StoreError.damaged(
                        "the heap of image '\(id)' contains reference row \(heap.rows[entry]), which has no id")
                }
                return (id: id, similarity: heap.similarities[entry])
            }
            let vector =
                readsVector ? try vectors(of: [row], .images, dimension: state.dimension, in: transaction) : nil
            return ImageExplanation(
                id: id, mean: mean, used: min(state.k, heap.count), references: references, vector: vector,
                generation: state.generation)
        }
    }

    /// Loads the stored heap of `row`, and applies its pending entries, which are stored in runs.
    private func loadHeap(
        _ row: Int, _ layout: HeapLayout, into heap: inout ReferenceHeap, in transaction: borrowing ReadTransaction
    ) throws {
        try HeapTable(database: tables.heaps, layout: layout).load(row: row, into: &heap, in: transaction)
        guard let directory = try pendingTable.directory(in: transaction) else { return }  // the list of the runs
        let rows = row..<row + 1
        var reader = PendingEntryReader(
            try pendingTable.mapped(directory.runs, of: directory, rows: rows, in: transaction))
        reader.read(rows)
        var buffer = ReferenceHeap(capacity: layout.capacity)
        heap.apply(reader.entries(of: row), using: &buffer)
    }
}
