internal import IncrementalBias
internal import VectorMath

/// The biases of all images for all baselines.
struct BaselineColumns {
    let variants: BaselineVariants
    /// For each variant a column of all rows; +infinity in rows without an image.
    let columns: [[Float]]

    /// The maximum number of references, and of images, whose similarities are summed.
    private static let maximumSample = 10_000

    /// Computes the biases.
    ///
    /// Sums over more than 10,000 references or images take a random sample of them.
    ///
    /// - Throws: `CancellationError`.
    init(_ snapshot: CorpusSnapshot, ks: [Int], seed: UInt64, progress: Evaluator.Progress) throws {
        let variants = BaselineVariants(ks: ks)
        var generator = SeededGenerator(seed: seed)
        func sample(_ rows: [UInt32]) -> [UInt32] {
            guard rows.count > Self.maximumSample else { return rows }
            return generator.shuffled(0..<rows.count).prefix(Self.maximumSample).sorted().map { rows[$0] }
        }
        let references = snapshot.referenceRows
        let compared = sample(references)
        let images = sample(snapshot.imageRows.map { UInt32($0) })
        var mean = MeanVector(dimension: snapshot.dimension)
        for row in references {
            try snapshot.checkCancellation()
            let vector = snapshot.referenceVectors([row])
            mean.add(vector.span)
        }
        let (meanReference, imageCount) = (mean.value, snapshot.state.images.count)
        progress("baselines", 0)
        let biases = try snapshot.compareImages(
            with: [ComparedVectors(.references, rows: compared), ComparedVectors(.images, rows: images)],
            columns: ImageColumns(ks: ks), progress: { progress("baselines", $0) },
            makeVisitor: { rows in
                BaselineVisitor(
                    variants, meanReference: meanReference, images: images, imageCount: imageCount, rows: rows)
            })
        var columns = [[Float]](
            repeating: Array(repeating: .infinity, count: snapshot.end), count: variants.variants.count)
        for (row, biases) in biases {
            for column in columns.indices { columns[column][row] = biases[column] }
        }
        self.variants = variants
        self.columns = columns
    }
}

/// Sums the similarities of the images of one block.
private struct BaselineVisitor: SimilarityVisitor {
    private let variants: BaselineVariants
    private let meanReference: [Double]
    /// The rows of the images that are compared.
    private let images: [UInt32]
    private let imageCount: Int
    private let first: Int
    private var references: [SimilaritySums]
    private var others: [SimilaritySums]

    init(
        _ variants: BaselineVariants, meanReference: [Double], images: [UInt32], imageCount: Int, rows: Range<Int>
    ) {
        self.variants = variants
        self.meanReference = meanReference
        (self.images, self.imageCount) = (images, imageCount)
        first = rows.lowerBound
        references = Array(repeating: SimilaritySums(), count: rows.count)
        others = references
    }

    mutating func add(_ similarities: Span<Float>, image: Int, list: Int, positions: Range<Int>) {
        guard list == 1 else {
            references[image - first].add(similarities)
            return
        }
        // The image itself is left out here: it counts once, the others of a sample count for all others.
        let itself = images[positions].firstIndex(of: UInt32(image)).map { $0 - positions.lowerBound }
        let weight = weight(of: image)
        guard let itself else {
            others[image - first].add(similarities, weight: weight)
            return
        }
        others[image - first].add(similarities.extracting(0..<itself), weight: weight)
        others[image - first].add(similarities.extracting(itself + 1..<similarities.count), weight: weight)
    }

    mutating func result(image: Int, vector: Span<Float>, columns: [Float]) -> [Float] {
        let itself = [Kernels.product(vector, vector)]
        others[image - first].add(itself.span)
        let meanProduct = vector.indices.reduce(0.0) { $0 + Double(vector[$1]) * meanReference[$1] }
        return variants.biases(
            of: ImageSums(
                meanProduct: meanProduct, means: columns,
                references: references[image - first].logarithms, images: others[image - first].logarithms))
    }

    /// How often another image of the sample counts.
    private func weight(of image: Int) -> Double {
        let count = images.count - (contains(UInt32(image)) ? 1 : 0)
        return count == 0 ? 1 : Double(imageCount - 1) / Double(count)
    }

    /// Whether the sample has an image; its rows ascend.
    private func contains(_ row: UInt32) -> Bool {
        var (low, high) = (0, images.count)
        while low < high {
            let middle = (low + high) / 2
            if images[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low < images.count && images[low] == row
    }
}
