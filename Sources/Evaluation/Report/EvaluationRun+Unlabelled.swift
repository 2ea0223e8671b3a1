internal import IncrementalBias
internal import WireAPI

/// References that are taken as queries, and the columns without them.
struct HeldOutReferences {
    /// Their vectors, references x dimension.
    let vectors: [Float]
    /// The means of all images over the other references, for each k of the sweep.
    let columns: ImageColumns
    /// The number of the other references.
    let others: Int

    /// The maximum number of references that are held out.
    private static let maximum = 5000

    /// Holds out half of the references at random, at most ``maximum``.
    ///
    /// - Throws: ``EvaluationError/tooFewReferences``; `CancellationError`.
    init(_ snapshot: CorpusSnapshot, ks: [Int], seed: UInt64, progress: Evaluator.Progress) throws {
        let rows = snapshot.referenceRows
        let count = min(rows.count / 2, Self.maximum)
        guard count > 0 else { throw EvaluationError.tooFewReferences }
        progress("heaps without the held-out references", 0)
        var generator = SeededGenerator(seed: seed)
        let order = generator.shuffled(0..<rows.count).map { rows[$0] }
        vectors = snapshot.referenceVectors(order[..<count])
        let others = ReferenceSubset(rows: Array(order[count...]), sizes: [rows.count - count])
        columns = ImageColumns(
            stored: try snapshot.means(ks: ks, over: [others]) {
                progress("heaps without the held-out references", $0)
            })
        self.others = rows.count - count
    }
}

extension EvaluationRun {
    /// Measures hubness, and proposes a pair of k and alpha by it.
    ///
    /// ``AntihubChoice`` says how.
    ///
    /// - Parameter source: `queries` or `references`.
    func addUnlabelled(_ vectors: [Float], source: String, to report: inout EvaluationReport) throws {
        try checkPairs(queries: vectors.count / snapshot.dimension, limit: Self.maximumLists)
        let top = try snapshot.topImages(
            queries: vectors, limit: Self.hubnessLimit, columns: columns, variants: sweep.variants
        ) { progress("hubness", $0) }
        let rows = snapshot.imageRows
        func antihubs(_ variant: Int) -> Int {
            let counts = top.appearances(variant: variant, rows: snapshot.end)
            return rows.count { counts[$0] == 0 }
        }
        let numbers = sweep.pairs.indices.map(antihubs)
        let choice = AntihubChoice(
            antihubs: numbers, ks: sweep.pairs.map(\.k), alphas: sweep.pairs.map(\.alpha))
        let helps = !choice.isNearBest(antihubs(sweep.none))
        let proposed = sweep.pairs[helps ? choice.chosen : sweep.current]
        report.unlabelled = .init(
            k: proposed.k, alpha: proposed.alpha, source: source, isBetterThanNone: helps,
            nearBest: .init(choice.nearBest.map { sweep.pairs[$0] }, of: sweep.pairs.count),
            sweep: sweep.pairs.indices.map { pair in
                .init(
                    k: sweep.pairs[pair].k, alpha: sweep.pairs[pair].alpha,
                    antihubs: Double(numbers[pair]) / Double(rows.count),
                    distinctFirst: Set((0..<top.queries).compactMap { top.rows(query: $0, variant: pair).first }).count,
                    isNearBest: choice.isNearBest(numbers[pair]))
            })
        for (method, variant) in [("none", sweep.none), ("current", sweep.current)] {
            report.hubness[method] = .init(HubnessMeasures(appearances: appearances(top, variant)))
        }
    }
}
