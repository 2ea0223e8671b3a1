import CFaissFlat

/// Faiss's exact search through its public index, `faiss::IndexFlatIP`.
///
/// It is the independent implementation that the searches of VectorMath are compared with.
@safe final class FaissFlatSearch {
    private let index: OpaquePointer
    private let dimension: Int

    /// The error that Faiss could not make or search an index.
    struct Failure: Error {}

    /// Makes an index with a copy of `vectors`, count x dimension.
    init(vectors: [Float], dimension: Int) throws {
        self.dimension = dimension
        let index = unsafe cff_index_create(vectors, vectors.count / dimension, dimension)
        guard let index = unsafe index else { throw Failure() }
        unsafe self.index = index
    }

    deinit {
        unsafe cff_index_free(index)
    }

    /// Finds the best `capacity` vectors of each query.
    ///
    /// - Parameter queries: queries x dimension.
    /// - Returns: the products, queries x capacity, in descending order for each query, and the rows of the vectors.
    func search(queries: [Float], capacity: Int) throws -> (products: [Float], rows: [Int64]) {
        let count = queries.count / dimension
        var products = [Float](repeating: 0, count: count * capacity)
        var rows = [Int64](repeating: 0, count: count * capacity)
        guard unsafe cff_index_search(index, queries, count, capacity, &products, &rows) == 1 else { throw Failure() }
        return (products, rows)
    }
}
