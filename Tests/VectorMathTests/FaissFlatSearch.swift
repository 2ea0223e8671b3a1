import CFaissFlat

/// Faiss's exact search by its public index, `faiss::IndexFlatIP`: the independent implementation that the searches of
/// VectorMath are compared with.
@safe final class FaissFlatSearch {
    private let index: OpaquePointer
    private let dimension: Int

    /// Faiss reported an error.
    struct Failure: Error {}

    /// Makes an index with a copy of `columns`, columns x dimension.
    init(columns: [Float], dimension: Int) throws {
        self.dimension = dimension
        let index = unsafe cff_index_create(columns, columns.count / dimension, dimension)
        guard let index = unsafe index else { throw Failure() }
        unsafe self.index = index
    }

    deinit {
        unsafe cff_index_free(index)
    }

    /// The best `capacity` columns of each row: rows x capacity products, descending, and the columns' numbers.
    func search(rows: [Float], capacity: Int) throws -> (products: [Float], columns: [Int64]) {
        let count = rows.count / dimension
        var products = [Float](repeating: 0, count: count * capacity)
        var columns = [Int64](repeating: 0, count: count * capacity)
        guard unsafe cff_index_search(index, rows, count, capacity, &products, &columns) == 1 else { throw Failure() }
        return (products, columns)
    }
}
