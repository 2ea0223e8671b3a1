internal import IncrementalBias
internal import WireAPI

extension EvaluationRun {
    /// Measures ranks, chooses k and alpha, and measures hubness before and after.
    ///
    /// The report has the methods `none` and `current` already; this adds `tuned`.
    ///
    /// - Parameters:
    ///   - vectors: the queries, queries x dimension.
    ///   - answers: for each query the rows of its right images.
    func addLabelled(_ vectors: [Float], _ answers: [[UInt32]], to report: inout EvaluationReport) throws {
        let ranks = try snapshot.ranks(
            queries: vectors, answers: answers, bestOnly: true, columns: columns, variants: sweep.variants
        ) { progress("ranking", $0) }
        let table = RankTable(queries: answers.count, variants: sweep.variants.count, ranks: ranks)
        progress("choosing", 0)
        let tuning = try HalvesTuning(
            table: table, candidates: Array(sweep.pairs.indices), none: sweep.none, current: sweep.current,
            repeats: options.repeats, seed: options.seed, beforeDivision: snapshot.checkCancellation)
        let tuned = sweep.pairs[tuning.best]
        report.methods.append(.init(name: "tuned", k: tuned.k, alpha: tuned.alpha))
        let variants = [sweep.none, sweep.current, tuning.best]
        for (method, variant) in variants.enumerated() {
            report.methods[method].measure(table.ranks(of: variant))
        }
        report.methods[0].gain = .init(value: 0, low: 0, high: 0)
        report.methods[1].gain = .init(gain(of: sweep.current, in: table))
        report.methods[2].gain = .init(tuning.gainOverNone)
        let nearBest = Set(tuning.nearBest)
        report.sweep = try sweep.pairs.indices.map { pair in
            try snapshot.checkCancellation()
            return .init(
                k: sweep.pairs[pair].k, alpha: sweep.pairs[pair].alpha,
                recall: RankMeasures(ranks: table.ranks(of: pair)).recallAt1, isNearBest: nearBest.contains(pair))
        }
        report.tuning = .init(
            k: tuned.k, alpha: tuned.alpha, repeats: options.repeats, gain: .init(tuning.gainOverNone),
            gainOverCurrent: .init(tuning.gainOverCurrent), isBetterThanCurrent: tuning.gainOverCurrent.low > 0,
            nearBest: .init(tuning.nearBest.map { sweep.pairs[$0] }, of: sweep.pairs.count))
        try addAveragePrecision(vectors, answers, variants, to: &report)
        try addHubness(vectors, to: &report)
    }

    /// The gain in recall at 1 over the ranking without correction.
    private func gain(of variant: Int, in table: RankTable) -> ConfidenceInterval {
        let differences = (0..<table.queries).map { query in
            (table[query, variant] == 1 ? 1.0 : 0) - (table[query, sweep.none] == 1 ? 1.0 : 0)
        }
        return .pairedBootstrap(differences: differences, seed: options.seed)
    }

    /// Computes the mean average precision of each method from the ranks of all right images.
    private func addAveragePrecision(
        _ vectors: [Float], _ answers: [[UInt32]], _ variants: [Int], to report: inout EvaluationReport
    ) throws {
        guard answers.contains(where: { $0.count > 1 }) else {
            // The average precision of a single right image is 1 / rank.
            for method in variants.indices { report.methods[method].averagePrecision = report.methods[method].mrr }
            return
        }
        let chosen = methodVariants(report)
        let ranks = try snapshot.ranks(
            queries: vectors, answers: answers, bestOnly: false, columns: columns, variants: chosen
        ) { progress("average precision", $0) }
        for method in 0..<chosen.count {
            report.methods[method].averagePrecision = AveragePrecision.mean(
                ranks: ranks, variants: chosen.count, answers: answers.map(\.count)
            ) { _ in method }
        }
    }

    /// The variants of the methods `none`, `current` and `tuned`, as far as the report has them.
    func methodVariants(_ report: EvaluationReport) -> ScoreVariants {
        ScoreVariants(
            report.methods.map { method in
                (column: sweep.ks.firstIndex { $0 == method.k } ?? 0, weight: method.alpha ?? 0)
            })
    }

    /// Measures how unevenly images appear among the first images of the queries.
    func addHubness(_ vectors: [Float], to report: inout EvaluationReport) throws {
        let top = try snapshot.topImages(
            queries: vectors, limit: Self.hubnessLimit, columns: columns, variants: methodVariants(report)
        ) { progress("hubness", $0) }
        for (variant, method) in report.methods.enumerated() {
            report.hubness[method.name] = .init(HubnessMeasures(appearances: appearances(top, variant)))
        }
    }

    /// How often each image is among the first 10 of a query: N_10 of ``HubnessMeasures``.
    func appearances(_ top: TopImages, _ variant: Int) -> [UInt32] {
        let counts = top.appearances(variant: variant, rows: snapshot.end)
        return snapshot.imageRows.map { counts[$0] }
    }
}

extension EvaluationReport.Method {
    /// Adds the measures of ranks.
    mutating func measure(_ ranks: [UInt32]) {
        let measures = RankMeasures(ranks: ranks)
        recall = .init(at1: measures.recallAt1, at5: measures.recallAt5, at10: measures.recallAt10)
        (mrr, medianRank) = (measures.mrr, measures.medianRank)
    }
}
