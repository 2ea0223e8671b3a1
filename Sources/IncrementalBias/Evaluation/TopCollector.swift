internal import VectorMath

/// The first images of each query, for each variant.
package struct TopImages: Sendable {
    /// The maximum number of images of a query.
    package let limit: Int
    /// The number of variants.
    package let variants: Int
    /// The rows of the images by rank, queries x variants x limit; `UInt32.max` where there are fewer images.
    package let rows: [UInt32]

    /// The rows of the first images of a query, by rank.
    package func rows(query: Int, variant: Int) -> ArraySlice<UInt32> {
        let start = (query * variants + variant) * limit
        return rows[start..<start + limit].prefix { $0 != .max }
    }
}

/// Collects the first images of some queries, for each variant.
final class TopCollector: ImageConsumer, @unchecked Sendable {
    // Sendable: the pass calls it from one thread at a time.
    private var chunk: QueryChunk
    private let variants: ScoreVariants
    private var lists: TopLists
    /// The rows of the first images, queries x variants x limit.
    var rows: [UInt32] { lists.rows }
    /// For each query and variant the last of the scores.
    private var thresholds: [Float]
    private var counts: [UInt32]
    private var positions: [UInt32] = []
    private var found: [Float] = []

    init(_ chunk: QueryChunk, variants: ScoreVariants, limit: Int) {
        self.chunk = chunk
        self.variants = variants
        let lists = chunk.queries.count * variants.count
        self.lists = TopLists(lists: lists, limit: limit)
        thresholds = Array(repeating: -.infinity, count: lists)
        counts = Array(repeating: 0, count: variants.count)
    }

    func add(_ block: ImageBlock) {
        chunk.multiply(block)
        if positions.count < block.rows.count {
            positions = Array(repeating: 0, count: block.rows.count)
            found = Array(repeating: 0, count: block.rows.count)
        }
        for index in 0..<chunk.queries.count {
            let similarities = chunk.range(of: index, in: block)
            for (column, range) in variants.groups { add(block, index, similarities, column, range) }
        }
    }

    private func add(
        _ block: ImageBlock, _ index: Int, _ similarities: Range<Int>, _ column: Int, _ range: Range<Int>
    ) {
        let first = index * variants.count
        let products = chunk.products
        count(block, similarities, column, range, first: first)
        for variant in range where counts[variant] > 0 {
            let count = Kernels.scoresAbove(
                products.span.extracting(similarities),
                means: block.columns.span.extracting(block.column(column)), weight: variants.weights[variant],
                threshold: thresholds[first + variant], positions: &positions, scores: &found)
            thresholds[first + variant] = lists.insert(
                count, positions: positions, scores: found, firstRow: UInt32(block.rows.lowerBound),
                list: first + variant)
        }
    }

    /// Counts for each variant the images of a block that are among the first, and puts the numbers into `counts`.
    private func count(
        _ block: ImageBlock, _ similarities: Range<Int>, _ column: Int, _ range: Range<Int>, first: Int
    ) {
        let (products, weights, thresholds) = (chunk.products, variants.weights, thresholds)
        for variant in range { counts[variant] = 0 }
        Kernels.countAbove(
            products.span.extracting(similarities), means: block.columns.span.extracting(block.column(column)),
            weights: weights.span.extracting(range),
            thresholds: thresholds.span.extracting(first + range.lowerBound..<first + range.upperBound),
            into: &counts, at: range.lowerBound)
    }
}

/// Lists of the images with the highest scores, one for each query and variant.
private struct TopLists {
    let limit: Int
    /// The scores in descending order, lists x limit; -infinity where there are fewer images.
    private var scores: [Float]
    /// The rows of these images.
    private(set) var rows: [UInt32]

    init(lists: Int, limit: Int) {
        self.limit = limit
        scores = Array(repeating: -.infinity, count: lists * limit)
        rows = Array(repeating: .max, count: lists * limit)
    }

    /// Adds the first `count` images of `positions` and `found` that are among the first of a list.
    ///
    /// Their rows are above those of all images before, so that images with equal scores rank behind.
    ///
    /// - Returns: the last score of the list, or -infinity if it has fewer images than `limit`.
    mutating func insert(
        _ count: Int, positions: [UInt32], scores found: [Float], firstRow: UInt32, list: Int
    ) -> Float {
        Self.insert(
            count, positions: positions, scores: found, firstRow: firstRow, places: list * limit..<(list + 1) * limit,
            &scores, &rows)
        return scores[(list + 1) * limit - 1]
    }

    private static func insert(
        _ count: Int, positions: [UInt32], scores found: [Float], firstRow: UInt32, places: Range<Int>,
        _ scores: inout [Float], _ rows: inout [UInt32]
    ) {
        // Spans: checks of exclusive access for each element would take most of the time.
        var scores = scores.mutableSpan
        var rows = rows.mutableSpan
        let (start, last) = (places.lowerBound, places.upperBound - 1)
        for number in 0..<count {
            let score = found[number]
            guard scores[last] < score else { continue }
            var place = last
            while place > start, scores[place - 1] < score {
                scores[place] = scores[place - 1]
                rows[place] = rows[place - 1]
                place -= 1
            }
            scores[place] = score
            rows[place] = firstRow + positions[number]
        }
    }
}

extension CorpusSnapshot {
    /// Finds the first images of each query for each variant, as searches would.
    ///
    /// - Parameters:
    ///   - queries: the vectors of the queries, queries x dimension, prepared by ``Corpus/prepareQueries(_:dimension:)``.
    ///   - limit: the number of images to find, at least 1.
    ///   - columns: the columns of the variants.
    ///   - variants: the ways to score images.
    ///   - progress: called from time to time with the share of the work that is done.
    /// - Throws: `CancellationError`.
    package func topImages(
        queries: [Float], limit: Int, columns: ImageColumns, variants: ScoreVariants, progress: (Double) -> Void
    ) throws -> TopImages {
        let collectors = QueryChunk.chunks(queries, dimension: dimension, threads: threads)
            .map { TopCollector($0, variants: variants, limit: limit) }
        try pass(over: columns, collectors, progress: progress)
        return TopImages(limit: limit, variants: variants.count, rows: collectors.flatMap(\.rows))
    }
}
