internal import IncrementalBias
internal import WireAPI

/// The baselines with the parameters that were chosen, as ways to score images.
struct ChosenBaselines {
    /// For each method of ``BaselineMethod`` the biases of all rows.
    let columns: ImageColumns
    /// The methods, then no correction.
    let variants: ScoreVariants
    /// For each query whether its most similar image is the most similar image of some reference.
    private let isActive: [Bool]

    init(columns: [[Float]], isActive: [Bool]) {
        self.columns = ImageColumns(stored: columns)
        variants = ScoreVariants(
            columns.indices.map { (column: $0, weight: Float(1)) } + [(column: 0, weight: Float(0))])
        self.isActive = isActive
    }

    /// The variant by which a method ranks images for a query.
    ///
    /// - Parameter method: the position of the method in ``BaselineMethod``.
    func variant(method: Int, query: Int) -> Int {
        let isUncorrected = BaselineMethod.allCases[method] == .dynamicInvertedSoftmax && !isActive[query]
        return isUncorrected ? variants.count - 1 : method
    }
}

extension EvaluationRun {
    /// Adds the mean average precision to the baselines.
    func addAveragePrecision(
        _ vectors: [Float], _ answers: [[UInt32]], _ chosen: ChosenBaselines,
        to methods: inout ArraySlice<EvaluationReport.Method>
    ) throws {
        guard answers.contains(where: { $0.count > 1 }) else {
            // The average precision of a single right image is 1 / rank.
            for method in methods.indices { methods[method].averagePrecision = methods[method].mrr }
            return
        }
        let ranks = try snapshot.ranks(
            queries: vectors, answers: answers, bestOnly: false, columns: chosen.columns, variants: chosen.variants
        ) { progress("baselines", $0) }
        for (method, index) in methods.indices.enumerated() {
            methods[index].averagePrecision = AveragePrecision.mean(
                ranks: ranks, variants: chosen.variants.count, answers: answers.map(\.count)
            ) { chosen.variant(method: method, query: $0) }
        }
    }

    /// Adds the hubness of the baselines to a report.
    func addHubness(_ vectors: [Float], _ chosen: ChosenBaselines, to report: inout EvaluationReport) throws {
        let top = try snapshot.topImages(
            queries: vectors, limit: Self.hubnessLimit, columns: chosen.columns, variants: chosen.variants
        ) { progress("baselines", $0) }
        let rows = snapshot.imageRows
        for (method, name) in BaselineMethod.allCases.map(\.rawValue).enumerated() {
            var counts = [UInt32](repeating: 0, count: snapshot.end)
            for query in 0..<top.queries {
                for row in top.rows(query: query, variant: chosen.variant(method: method, query: query)) {
                    counts[Int(row)] += 1
                }
            }
            report.hubness[name] = .init(HubnessMeasures(appearances: rows.map { counts[$0] }))
        }
    }

    /// Adds the group measures to the baselines.
    func addGroupMeasures(
        _ vectors: [Float], _ groups: ImageGroups, _ chosen: ChosenBaselines,
        to methods: inout ArraySlice<EvaluationReport.Method>
    ) throws {
        let top = try topLabelled(vectors, groups, columns: chosen.columns, variants: chosen.variants)
        for (method, index) in methods.indices.enumerated() {
            methods[index].groups = measures(of: top, groups) { chosen.variant(method: method, query: $0) }
        }
    }
}
