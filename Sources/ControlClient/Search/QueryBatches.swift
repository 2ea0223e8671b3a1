package import ShardFormats

/// Consecutive queries of a file, for one request.
package struct QueryBatch {
    /// The rows of the queries in the file.
    package let rows: Range<Int>
    /// The queries, one in each row.
    package let matrix: Matrix
}

/// Splits the queries of a file into batches that the daemon accepts and whose responses are of limited size.
package struct QueryBatches: Sequence {
    /// The maximum number of queries that the daemon accepts in one request.
    static let maximumQueries = 4096
    /// The maximum number of bytes of vectors in one request.
    static let maximumBytes = 32 << 20
    /// The maximum number of hits in one response, which takes about 100 bytes per hit.
    static let maximumHits = 1 << 20

    private let matrix: Matrix
    /// The number of queries in each batch but the last, which may have fewer.
    package let queriesPerBatch: Int

    /// - Parameters:
    ///   - matrix: a query in each row.
    ///   - topK: the number of hits for each query.
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
