internal import IncrementalBias
internal import WireAPI

extension EvaluationRun {
    /// Measures the methods that others have published, each with the parameters that the answers choose.
    ///
    /// - Parameters:
    ///   - vectors: the queries, queries x dimension.
    ///   - answers: for each query the rows of its right images.
    ///   - groups: the labels for group measures; `nil` for none.
    func addBaselines(
        _ vectors: [Float], _ answers: [[UInt32]], _ groups: ImageGroups?, to report: inout EvaluationReport
    ) throws {
        let first = report.methods.count
        let chosen = try addRanks(vectors, answers, to: &report)
        let methods = first..<report.methods.count
        try addAveragePrecision(vectors, answers, chosen, to: &report.methods[methods])
        try addHubness(vectors, chosen, to: &report)
        if let groups { try addGroupMeasures(vectors, groups, chosen, to: &report.methods[methods]) }
    }

    /// Adds the baselines, with the measures of their ranks, to the methods of a report.
    private func addRanks(
        _ vectors: [Float], _ answers: [[UInt32]], to report: inout EvaluationReport
    ) throws -> ChosenBaselines {
        let baselines = try BaselineColumns(snapshot, ks: sweep.ks, seed: options.seed, progress: progress)
        let columns = ImageColumns(stored: baselines.columns)
        let all = baselines.variants.variants
        // The variants: those with biases, then no correction.
        let variants = ScoreVariants(
            all.indices.map { (column: $0, weight: Float(1)) } + [(column: all.count - 1, weight: Float(0))])
        let none = all.count
        let ranks = try snapshot.ranks(
            queries: vectors, answers: answers, bestOnly: true, columns: columns, variants: variants
        ) { progress("baselines", $0) }
        let table = RankTable(queries: answers.count, variants: variants.count, ranks: ranks)
        let isActive = try firstIsActive(vectors)
        var chosen: [Int] = []
        for method in BaselineMethod.allCases {
            let candidates = all.indices.filter { all[$0].method == method.biases }
            let isDynamic = method == .dynamicInvertedSoftmax
            let measured = isDynamic ? dynamic(table, candidates, none: none, isActive) : table
            let tuning = try HalvesTuning(
                table: measured, candidates: candidates, none: none, current: none, repeats: options.repeats,
                seed: options.seed, beforeDivision: snapshot.checkCancellation)
            var entry = EvaluationReport.Method(
                name: method.rawValue, k: all[tuning.best].parameters["k"].map { Int($0) },
                parameters: all[tuning.best].parameters)
            entry.measure(measured.ranks(of: tuning.best))
            entry.gain = .init(tuning.gainOverNone)
            report.methods.append(entry)
            chosen.append(tuning.best)
        }
        return ChosenBaselines(columns: chosen.map { baselines.columns[$0] }, isActive: isActive)
    }

    /// The ranks of dynamic inverted softmax, in the columns of inverted softmax.
    private func dynamic(_ table: RankTable, _ candidates: [Int], none: Int, _ isActive: [Bool]) -> RankTable {
        var ranks = (0..<table.queries).flatMap { query in (0..<table.variants).map { table[query, $0] } }
        for variant in candidates {
            let own = BaselineMethod.ranks(
                invertedSoftmax: table.ranks(of: variant), none: table.ranks(of: none), firstIsActive: isActive)
            for (query, rank) in own.enumerated() { ranks[query * table.variants + variant] = rank }
        }
        return RankTable(queries: table.queries, variants: table.variants, ranks: ranks)
    }

    /// For each query whether its most similar image is the most similar image of some reference.
    private func firstIsActive(_ vectors: [Float]) throws -> [Bool] {
        let none = ScoreVariants([(column: 0, weight: 0)])
        let columns = ImageColumns(ks: [1])
        func first(_ vectors: [Float]) throws -> [UInt32?] {
            let top = try snapshot.topImages(queries: vectors, limit: 1, columns: columns, variants: none) {
                progress("baselines", $0)
            }
            return (0..<top.queries).map { top.rows(query: $0, variant: 0).first }
        }
        var active: Set<UInt32> = []
        let references = snapshot.referenceRows
        // A part of the references at a time, to bound the memory for their vectors.
        for start in stride(from: 0, to: references.count, by: 4096) {
            let part = references[start..<min(start + 4096, references.count)]
            active.formUnion(try first(snapshot.referenceVectors(part)).compactMap { $0 })
        }
        return try first(vectors).map { $0.map(active.contains) ?? false }
    }
}

extension BaselineMethod {
    /// The method whose variants this method uses.
    fileprivate var biases: BaselineMethod { self == .dynamicInvertedSoftmax ? .invertedSoftmax : self }
}
