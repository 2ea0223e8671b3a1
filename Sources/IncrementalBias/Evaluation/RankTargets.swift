internal import VectorMath

/// The images whose ranks are computed, with their scores for each variant.
struct RankTargets: Sendable {
    /// For each query the number of its first target, and at the end the number of all targets.
    let starts: [Int]
    /// The scores, targets x variants.
    private(set) var scores: [Float]
    /// The rows of the images, targets x variants.
    private(set) var rows: [UInt32]

    /// Computes the scores of the right images of some queries.
    ///
    /// - Parameters:
    ///   - queries: the vectors of the queries, queries x dimension.
    ///   - answers: for each query the rows of its right images.
    ///   - bestOnly: whether a query has one target: for each variant the right image that ranks first. Otherwise each
    ///     right image is a target.
    init(
        queries: [Float], answers: [[UInt32]], bestOnly: Bool, columns: ImageColumns, variants: ScoreVariants,
        snapshot: CorpusSnapshot
    ) throws {
        var starts = [0]
        for rows in answers { starts.append(starts[starts.count - 1] + (bestOnly ? min(1, rows.count) : rows.count)) }
        self.starts = starts
        scores = Array(repeating: -.infinity, count: starts[answers.count] * variants.count)
        rows = Array(repeating: .max, count: scores.count)
        let images = try Self.load(answers, columns, snapshot)
        let dimension = snapshot.dimension
        for (query, answers) in answers.enumerated() {
            let vector = query * dimension..<(query + 1) * dimension
            for (index, row) in answers.enumerated() {
                guard let image = images[row] else { continue }
                let similarity = Kernels.product(image.vectors.span, queries.span.extracting(vector))
                add(row, image, similarity, target: starts[query] + (bestOnly ? 0 : index), variants)
            }
        }
    }

    /// The images of all answers.
    private static func load(
        _ answers: [[UInt32]], _ columns: ImageColumns, _ snapshot: CorpusSnapshot
    ) throws -> [UInt32: ImageBlock] {
        let rows = Set(answers.joined()).sorted()
        let workers = try snapshot.pool.run(count: rows.count) {
            (loader: ImageLoader(snapshot, columns), images: [(UInt32, ImageBlock)]())
        } body: { worker, index in
            let row = Int(rows[index])
            worker.images.append((rows[index], worker.loader.load(row..<row + 1)))
        }
        return Dictionary(uniqueKeysWithValues: workers.flatMap(\.images))
    }

    /// Takes an image as a target for each variant for which it ranks before the image that the target has.
    private mutating func add(
        _ row: UInt32, _ image: ImageBlock, _ similarity: Float, target: Int, _ variants: ScoreVariants
    ) {
        for (column, range) in variants.groups {
            for variant in range {
                let score = similarity - variants.weights[variant] * image.columns[column]
                let place = target * variants.count + variant
                // Images rank by falling score, and images with equal scores by ascending row.
                if (scores[place], row) < (score, rows[place]) {
                    scores[place] = score
                    rows[place] = row
                }
            }
        }
    }
}
