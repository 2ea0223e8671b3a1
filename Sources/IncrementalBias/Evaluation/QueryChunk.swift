internal import VectorMath

/// Some of the queries of a pass, and their products with one block of images.
struct QueryChunk {
    /// The numbers of the queries.
    let queries: Range<Int>
    /// Their vectors, queries x dimension.
    private let vectors: [Float]
    private let dimension: Int
    /// The products of the last block, queries x rows.
    private(set) var products: [Float] = []

    /// The maximum number of queries in a chunk.
    private static let maximumQueries = 64

    /// Divides queries into chunks, at least two for each thread if there are enough queries.
    ///
    /// - Parameter vectors: the vectors of all queries, queries x dimension.
    static func chunks(_ vectors: [Float], dimension: Int, threads: Int) -> [QueryChunk] {
        let count = vectors.count / dimension
        let size = max(1, min(maximumQueries, (count + 2 * threads - 1) / (2 * threads)))
        return stride(from: 0, to: count, by: size).map { start in
            QueryChunk(start..<min(start + size, count), of: vectors, dimension: dimension)
        }
    }

    private init(_ queries: Range<Int>, of vectors: [Float], dimension: Int) {
        self.queries = queries
        self.vectors = Array(vectors[queries.lowerBound * dimension..<queries.upperBound * dimension])
        self.dimension = dimension
    }

    /// Computes the products of the queries with the images of a block.
    mutating func multiply(_ block: ImageBlock) {
        let count = queries.count * block.rows.count
        if products.count < count { products = Array(repeating: 0, count: count) }
        let vectors = vectors
        Kernels.products(block.vectors.span, vectors.span, dimension: dimension, into: &products)
    }

    /// The products of the query `queries.lowerBound + index` with the images of the last block.
    func range(of index: Int, in block: ImageBlock) -> Range<Int> {
        index * block.rows.count..<(index + 1) * block.rows.count
    }

    /// The vector of one query.
    func vector(of index: Int) -> Range<Int> { index * dimension..<(index + 1) * dimension }
}
