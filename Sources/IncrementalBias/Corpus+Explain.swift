internal import LMDB
internal import VectorMath

/// The references that an image's bias is computed from.
package struct ImageExplanation: Sendable {
    package let id: String
    /// The mean of the k largest similarities; the bias is alpha times the mean.
    package let mean: Float
    /// How many of `references` the mean takes, from the first on.
    package let used: Int
    /// The references in the image's heap, by falling similarity.
    package let references: [(id: String, similarity: Float)]
    package let generation: UInt64
}

extension Corpus {
    /// Explains the bias of the image `id`; `nil` where there is no such image.
    package func explainImage(_ id: String) throws -> ImageExplanation? {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            guard state.dimension > 0, let row = try IdentityTable(tables: tables.images).row(of: id, in: transaction)
            else { return nil }
            let layout = StoreLayout(dimension: state.dimension, settings: settings)
            var heap = ReferenceHeap(capacity: settings.capacity)
            try HeapTable(database: tables.heaps, layout: layout.heaps)
                .load(row: Int(row), into: &heap, in: transaction)
            let mean = try ColumnTable(database: tables.means, layout: layout).read(row: row, in: transaction)
            let identities = IdentityTable(tables: tables.references)
            let references = try (0..<heap.count).map { entry in
                guard let id = try identities.id(of: heap.rows[entry], in: transaction) else {
                    throw StoreError.damaged(
                        "the heap of image '\(id)' names reference row \(heap.rows[entry]), which has no id")
                }
                return (id: id, similarity: heap.similarities[entry])
            }
            return ImageExplanation(
                id: id, mean: mean, used: min(state.k, heap.count), references: references,
                generation: state.generation)
        }
    }

    /// The stored vector of the reference `id`, and the generation of the snapshot; `nil` where there is no such reference.
    package func reference(_ id: String) throws -> (vector: [Float], generation: UInt64)? {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            guard state.dimension > 0,
                let row = try IdentityTable(tables: tables.references).row(of: id, in: transaction)
            else { return nil }
            let layout = StoreLayout(dimension: state.dimension, settings: settings)
            let table = VectorTable(database: tables.references.vectors, layout: layout.vectors)
            return (try table.read(rows: [row], in: transaction), state.generation)
        }
    }
}
