internal import VectorMath

/// The images whose ranks are computed, with their scores for each variant.
struct RankTargets: Sendable {
    /// For each query the number of its first target, and at the end the number of all targets.
    let starts: [Int]
    /// The scores, targets x variants.
    private(set) var scores: [Float]
    /// The rows of the images, targets x variants.
    private(set) var rows: [UInt32]

    /// A right image of a query.
    private struct Answer {
        let row: UInt32
        let query: Int
        let target: Int
    }

    /// About the number of floats in the vectors of the images that are read at a time.
    private static let floatsPerPiece = 1 << 21

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
        var all: [Answer] = []
        for (query, rows) in answers.enumerated() {
            for (index, row) in rows.enumerated() {
                all.append(Answer(row: row, query: query, target: starts[query] + (bestOnly ? 0 : index)))
            }
        }
        all.sort { $0.row < $1.row }
        let dimension = snapshot.dimension
        // A part of the images at a time, because the answers can name all images.
        let size = max(1, Self.floatsPerPiece / max(1, dimension))
        for start in stride(from: 0, to: all.count, by: size) {
            try snapshot.checkCancellation()
            let part = all[start..<min(start + size, all.count)]
            let images = try Self.load(part.map(\.row), columns, snapshot)
            for answer in part {
                guard let image = images[answer.row] else { continue }
                let vector = answer.query * dimension..<(answer.query + 1) * dimension
                let similarity = Kernels.product(image.vectors.span, queries.span.extracting(vector))
                add(answer.row, image, similarity, target: answer.target, variants)
            }
        }
    }

    /// Reads the images of `rows`, which can have a row several times.
    private static func load(
        _ rows: [UInt32], _ columns: ImageColumns, _ snapshot: CorpusSnapshot
    ) throws -> [UInt32: ImageBlock] {
        let rows = Set(rows).sorted()
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
