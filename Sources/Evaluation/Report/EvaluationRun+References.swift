internal import IncrementalBias
internal import WireAPI

extension EvaluationRun {
    private static let shares = [0.01, 0.05, 0.2, 0.5]
    /// The number of random orders of the references.
    private static let orders = 5
    /// The number of references whose distance to other references is measured.
    private static let sampledReferences = 1000

    /// Measures the gain with parts of the references, and how near queries and references are to references.
    ///
    /// - Parameters:
    ///   - vectors: the queries, queries x dimension.
    ///   - answers: for each query the rows of its right images.
    func addReferences(_ vectors: [Float], _ answers: [[UInt32]], to report: inout EvaluationReport) throws {
        guard let tuning = report.tuning else { return }
        let rows = snapshot.referenceRows
        let sizes = Self.shares.map { max(1, Int($0 * Double(rows.count) + 0.5)) }
        let subsets = (0..<Self.orders).map { order in
            var generator = SeededGenerator(seed: options.seed &+ UInt64(order))
            return ReferenceSubset(rows: generator.shuffled(0..<rows.count).map { rows[$0] }, sizes: sizes)
        }
        progress("reference curve", 0)
        let means = try snapshot.means(ks: [tuning.k], over: subsets) { progress("reference curve", $0) }
        // The columns: all references, then for each order each share. The variants: none, then the columns.
        let columns = ImageColumns(ks: [tuning.k], stored: means)
        let variants = [(column: 0, weight: Float(0))] + (0..<columns.count).map { ($0, tuning.alpha) }
        let ranks = try snapshot.ranks(
            queries: vectors, answers: answers, bestOnly: true, columns: columns, variants: ScoreVariants(variants)
        ) { progress("reference curve", $0) }
        let table = RankTable(queries: answers.count, variants: variants.count, ranks: ranks)
        let recalls = variants.indices.map { RankMeasures(ranks: table.ranks(of: $0)).recallAt1 }
        func point(_ share: Double, _ references: Int, _ variants: [Int]) -> EvaluationReport.ReferenceCurvePoint {
            let gains = variants.map { recalls[$0] - recalls[0] }
            return .init(
                share: share, references: references, gains: gains, gain: gains.reduce(0, +) / Double(gains.count))
        }
        report.referenceCurve = Self.shares.indices.map { share in
            point(Self.shares[share], sizes[share], (0..<Self.orders).map { 2 + $0 * sizes.count + share })
        }
        // With all references, all orders give the same.
        report.referenceCurve?.append(point(1, rows.count, Array(repeating: 1, count: Self.orders)))
        try addReferenceDistance(vectors, rows, to: &report)
    }

    private func addReferenceDistance(
        _ vectors: [Float], _ rows: [UInt32], to report: inout EvaluationReport
    ) throws {
        var generator = SeededGenerator(seed: options.seed)
        let sample = generator.shuffled(0..<rows.count).prefix(Self.sampledReferences).map { rows[$0] }
        let ofQueries = try snapshot.largestSimilarities(of: vectors, excluding: nil, among: rows) {
            progress("reference distance", $0)
        }
        let ofReferences = try snapshot.largestSimilarities(
            of: snapshot.referenceVectors(sample), excluding: sample, among: rows
        ) { progress("reference distance", $0) }
        report.referenceDistance = .init(
            queries: .init(Quantiles(values: ofQueries)),
            references: .init(Quantiles(values: ofReferences.filter { $0 > -.infinity })))
    }
}
