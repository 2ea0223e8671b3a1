internal import VectorMath

/// Counts, for some queries, the images that rank before the targets of the queries.
final class RankCounter: ImageConsumer, @unchecked Sendable {
    // Sendable: the pass calls it from one thread at a time.
    private var chunk: QueryChunk
    private let variants: ScoreVariants
    private let targets: RankTargets
    /// The targets of the queries of the chunk.
    private let range: Range<Int>
    /// For each target and variant the score that an image of the current block must exceed to rank before the target.
    ///
    /// Of images with equal scores the one with the lower row ranks first. Until the block with the target's row, the
    /// threshold is therefore the next float below the target's score, and from that block on it is the score itself.
    private var thresholds: [Float]
    /// For each target and variant the number of images that rank before the target.
    private(set) var counts: [UInt32]

    init(_ chunk: QueryChunk, variants: ScoreVariants, targets: RankTargets) {
        self.chunk = chunk
        self.variants = variants
        self.targets = targets
        range = targets.starts[chunk.queries.lowerBound]..<targets.starts[chunk.queries.upperBound]
        let places = range.lowerBound * variants.count..<range.upperBound * variants.count
        thresholds = targets.scores[places].map(\.nextDown)
        counts = Array(repeating: 0, count: places.count)
    }

    func add(_ block: ImageBlock) {
        chunk.multiply(block)
        for (index, query) in chunk.queries.enumerated() {
            let similarities = chunk.range(of: index, in: block)
            for target in targets.starts[query]..<targets.starts[query + 1] {
                updateThresholds(target, block, similarities)
                for (column, variants) in variants.groups { count(target, block, similarities, column, variants) }
            }
        }
    }

    private func count(
        _ target: Int, _ block: ImageBlock, _ similarities: Range<Int>, _ column: Int, _ range: Range<Int>
    ) {
        let first = (target - self.range.lowerBound) * variants.count
        let places = first + range.lowerBound..<first + range.upperBound
        let (products, weights, thresholds) = (chunk.products, variants.weights, thresholds)
        Kernels.countAbove(
            products.span.extracting(similarities), means: block.columns.span.extracting(block.column(column)),
            weights: weights.span.extracting(range), thresholds: thresholds.span.extracting(places),
            into: &counts, at: places.lowerBound)
    }

    /// Sets the thresholds of a target whose row is in the block to the target's scores, and counts the images of the
    /// block that win ties.
    private func updateThresholds(_ target: Int, _ block: ImageBlock, _ similarities: Range<Int>) {
        let first = target * variants.count
        let offset = range.lowerBound * variants.count
        for (column, range) in variants.groups {
            for variant in range {
                let row = Int(targets.rows[first + variant])
                guard block.rows.contains(row) else { continue }
                let score = targets.scores[first + variant]
                thresholds[first + variant - offset] = score
                for index in 0..<row - block.rows.lowerBound {
                    let mean = block.columns[column * block.rows.count + index]
                    if chunk.products[similarities.lowerBound + index] - variants.weights[variant] * mean == score {
                        counts[first + variant - offset] += 1
                    }
                }
            }
        }
    }
}

extension CorpusSnapshot {
    /// Computes the ranks of right images: their positions, from 1, in what searches with each variant would return.
    ///
    /// - Parameters:
    ///   - queries: the vectors of the queries, queries x dimension, prepared by ``Corpus/prepareQueries(_:dimension:)``.
    ///   - answers: for each query the rows of its right images.
    ///   - bestOnly: whether to rank only the best right image of each query; otherwise each one is ranked.
    ///   - columns: the columns of the variants.
    ///   - variants: the ways to score images.
    ///   - progress: called from time to time with the share of the work that is done.
    /// - Returns: the ranks, targets x variants. The targets are the queries, or all right images in the order of
    ///   `answers`.
    /// - Throws: `CancellationError`.
    package func ranks(
        queries: [Float], answers: [[UInt32]], bestOnly: Bool, columns: ImageColumns, variants: ScoreVariants,
        progress: (Double) -> Void
    ) throws -> [UInt32] {
        let targets = try RankTargets(
            queries: queries, answers: answers, bestOnly: bestOnly, columns: columns, variants: variants,
            snapshot: self)
        let counters = QueryChunk.chunks(queries, dimension: dimension, threads: threads)
            .map { RankCounter($0, variants: variants, targets: targets) }
        try pass(over: columns, counters, progress: progress)
        return counters.flatMap { $0.counts.map { $0 + 1 } }
    }
}
