internal import VectorMath

extension CorpusSnapshot {
    /// Finds the largest similarity of each vector to a reference.
    ///
    /// - Parameters:
    ///   - vectors: vectors x dimension.
    ///   - excluded: for each vector the row of a reference that does not count; `nil` if all count.
    ///   - rows: the rows of the references to compare with.
    ///   - excludingCopies: whether references that equal the vector don't count either: those whose product with it
    ///     differs from the product of the vector with itself by at most one part in 10,000.
    ///   - progress: called from time to time with the share of the work that is done.
    /// - Returns: for each vector its largest similarity; -infinity if no reference counts.
    /// - Throws: `CancellationError`.
    package func largestSimilarities(
        of vectors: [Float], excluding excluded: [UInt32]?, among rows: [UInt32], excludingCopies: Bool = false,
        progress: (Double) -> Void
    ) throws -> [Float] {
        let (dimension, pool) = (dimension, pool)
        let count = vectors.count / dimension
        // The products of a chunk of vectors with a piece of the references take 128 KiB.
        let (vectorsPerChunk, referencesPerPiece) = (64, 512)
        let chunkCount = (count + vectorsPerChunk - 1) / vectorsPerChunk
        let copies = excludingCopies ? Self.productsOfCopies(vectors, dimension: dimension) : nil
        var largest = [Float](repeating: -.infinity, count: count)
        for start in stride(from: 0, to: rows.count, by: referencesPerPiece) {
            try checkCancellation()
            let piece = rows[start..<min(start + referencesPerPiece, rows.count)]
            let references = referenceVectors(piece)
            let found = try pool.run(count: chunkCount) {
                [(Range<Int>, [Float])]()
            } body: { found, chunk in
                let range = chunk * vectorsPerChunk..<min((chunk + 1) * vectorsPerChunk, count)
                var products = [Float](repeating: 0, count: range.count * piece.count)
                Kernels.products(
                    references.span,
                    vectors.span.extracting(range.lowerBound * dimension..<range.upperBound * dimension),
                    dimension: dimension, into: &products)
                let best = range.enumerated().map { index, vector in
                    var best = -Float.infinity
                    for (position, row) in piece.enumerated() where excluded?[vector] != row {
                        let product = products[index * piece.count + position]
                        if copies?[vector].contains(product) != true { best = max(best, product) }
                    }
                    return best
                }
                found.append((range, best))
            }.joined()
            for (vectors, best) in found {
                for (vector, value) in zip(vectors, best) { largest[vector] = max(largest[vector], value) }
            }
            progress(Double(start + piece.count) / Double(rows.count))
        }
        return largest
    }

    /// For each vector the products with it that a copy of the vector can have.
    private static func productsOfCopies(_ vectors: [Float], dimension: Int) -> [ClosedRange<Float>] {
        stride(from: 0, to: vectors.count, by: dimension).map { start in
            let square = vectors[start..<start + dimension].reduce(Float(0)) { $0 + $1 * $1 }
            return square - 1e-4 * square...square + 1e-4 * square
        }
    }

    /// The references in an image's heap, sorted by falling similarity.
    ///
    /// - Parameter row: the row of the image.
    package func heap(of row: UInt32) -> [(row: UInt32, similarity: Float)] {
        var loader = ImageLoader(self, ImageColumns())
        return loader.references(of: Int(row))
    }
}
