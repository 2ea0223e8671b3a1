package import ShardFormats

/// A part of the queries that goes into one request.
package struct QueryBatch {
    /// Which queries of the file these are.
    package let rows: Range<Int>
    package let matrix: Matrix
}

/// All queries, in parts that the daemon accepts and whose answers fit into memory with ease.
package struct QueryBatches: Sequence {
    /// The most queries that the daemon takes in one request.
    package static let maximumQueries = 4096
    /// The most bytes of vectors to send in one request.
    package static let maximumBytes = 32 << 20
    /// The most hits to ask for in one request; an answer takes about 100 bytes a hit.
    package static let maximumHits = 1 << 20

    private let matrix: Matrix
    /// The queries in each part but the last, which may have fewer.
    package let queriesPerBatch: Int

    package init(_ matrix: Matrix, topK: Int) {
        self.matrix = matrix
        queriesPerBatch = Swift.max(
            1, Swift.min(Self.maximumQueries, Self.maximumBytes / (matrix.dimension * 4), Self.maximumHits / topK))
    }

    /// The number of parts.
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
