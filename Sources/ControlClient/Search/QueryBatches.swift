package import ShardFormats

/// Consecutive queries of a file that go into one request.
package struct QueryBatch {
    /// The rows of the file.
    package let rows: Range<Int>
    /// The queries, a row each.
    package let matrix: Matrix
}

/// All queries of a file, in batches that the daemon accepts and whose answers fit into memory with ease.
package struct QueryBatches: Sequence {
    /// The most queries that the daemon accepts in one request.
    static let maximumQueries = 4096
    /// The most bytes of vectors in one request.
    static let maximumBytes = 32 << 20
    /// The most hits in one answer, which takes about 100 bytes a hit.
    static let maximumHits = 1 << 20

    private let matrix: Matrix
    /// The number of queries in each batch but the last, which may have fewer.
    package let queriesPerBatch: Int

    /// The rows of a matrix, for searches of `topK` hits each.
    package init(_ matrix: Matrix, topK: Int) {
        self.matrix = matrix
        queriesPerBatch = Swift.max(
            1, Swift.min(Self.maximumQueries, Self.maximumBytes / (matrix.dimension * 4), Self.maximumHits / topK))
    }

    /// The number of batches.
    package var count: Int { (matrix.rows + queriesPerBatch - 1) / queriesPerBatch }

    package func makeIterator() -> some IteratorProtocol<QueryBatch> {
        stride(from: 0, to: matrix.rows, by: queriesPerBatch).lazy.map { start in
            let rows = start..<Swift.min(matrix.rows, start + queriesPerBatch)
            let values = matrix.values[rows.lowerBound * matrix.dimension..<rows.upperBound * matrix.dimension]
            return QueryBatch(
                rows: rows, matrix: Matrix(rows: rows.count, dimension: matrix.dimension, values: Array(values)))
        }.makeIterator()
    }
}
