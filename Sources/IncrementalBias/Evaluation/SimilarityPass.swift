internal import VectorMath

/// Vectors that all images are compared with.
package struct ComparedVectors: Sendable {
    /// Whose vectors they are.
    package enum Role: Sendable {
        case references, images
    }

    package let role: Role
    /// The rows of the vectors.
    package let rows: [UInt32]

    /// Creates a list of vectors.
    package init(_ role: Role, rows: [UInt32]) {
        self.role = role
        self.rows = rows
    }
}

/// Gets the similarities of the images of one block, on one thread.
package protocol SimilarityVisitor: SendableMetatype {
    /// What a visitor gives for one image.
    associatedtype Result: Sendable

    /// Adds similarities of an image; called until each vector of each list has been compared.
    ///
    /// - Parameters:
    ///   - similarities: the image's similarities to consecutive vectors of a list.
    ///   - image: the row of the image.
    ///   - list: the number of the list.
    ///   - positions: the positions of the vectors in the list.
    mutating func add(_ similarities: Span<Float>, image: Int, list: Int, positions: Range<Int>)

    /// The result for an image, after all its similarities.
    ///
    /// - Parameters:
    ///   - image: the row of the image.
    ///   - vector: the vector of the image.
    ///   - columns: the columns of the image.
    mutating func result(image: Int, vector: Span<Float>, columns: [Float]) -> Result
}

extension CorpusSnapshot {
    private static let vectorsPerPiece = 512

    /// Compares all images with vectors.
    ///
    /// - Parameters:
    ///   - lists: the vectors.
    ///   - columns: columns to read.
    ///   - progress: called from time to time with the share of the work that is done.
    ///   - makeVisitor: makes a visitor for the images of the given rows.
    /// - Returns: the results of all images, by row.
    /// - Throws: `CancellationError`.
    package func compareImages<Visitor: SimilarityVisitor>(
        with lists: [ComparedVectors], columns: ImageColumns, progress: (Double) -> Void,
        makeVisitor: @Sendable (Range<Int>) -> Visitor
    ) throws -> [(row: Int, result: Visitor.Result)] {
        var results: [(row: Int, result: Visitor.Result)] = []
        let pool = pool
        try forEachBatch(columns, progress: progress) { blocks in
            let workers = try pool.run(count: blocks.count) {
                [(row: Int, result: Visitor.Result)]()
            } body: { found, piece in
                let block = blocks[piece]
                var visitor = makeVisitor(block.rows)
                for (number, list) in lists.enumerated() { try compare(block, with: list, number, &visitor) }
                for row in block.rows where block.isImage(row) {
                    let index = row - block.rows.lowerBound
                    let values = (0..<columns.count).map { block.columns[$0 * block.rows.count + index] }
                    let vector = index * dimension..<(index + 1) * dimension
                    found.append(
                        (
                            row,
                            visitor.result(
                                image: row, vector: block.vectors.span.extracting(vector), columns: values)
                        ))
                }
            }
            results += workers.joined()
        }
        return results.sorted { $0.row < $1.row }
    }

    private func compare(
        _ block: ImageBlock, with list: ComparedVectors, _ number: Int, _ visitor: inout some SimilarityVisitor
    ) throws {
        var products: [Float] = []
        for start in stride(from: 0, to: list.rows.count, by: Self.vectorsPerPiece) {
            try checkCancellation()
            try pool.checkpoint()
            let positions = start..<min(start + Self.vectorsPerPiece, list.rows.count)
            let rows = list.rows[positions]
            let vectors = list.role == .references ? referenceVectors(rows) : imageVectors(rows)
            let count = positions.count * block.rows.count
            if products.count < count { products = Array(repeating: 0, count: count) }
            Kernels.products(vectors.span, block.vectors.span, dimension: dimension, into: &products)
            for (index, row) in block.rows.enumerated() where block.isImage(row) {
                let range = index * positions.count..<(index + 1) * positions.count
                visitor.add(products.span.extracting(range), image: row, list: number, positions: positions)
            }
        }
    }

    /// The stored vectors of images, rows x dimension.
    package func imageVectors(_ rows: some Sequence<UInt32>) -> [Float] {
        let scratch = FloatScratch()
        var values: [Float] = []
        for row in rows {
            images.withVector(Int(row), scratch: scratch) { vector in
                for index in vector.indices { values.append(vector[index]) }
            }
        }
        return values
    }
}
