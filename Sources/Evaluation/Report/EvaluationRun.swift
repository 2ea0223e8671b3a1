internal import IncrementalBias
internal import WireAPI

/// One evaluation over a snapshot.
struct EvaluationRun {
    let snapshot: CorpusSnapshot
    let options: EvaluationOptions
    let sweep: Sweep
    /// The means for each k of the sweep.
    let columns: ImageColumns
    let progress: Evaluator.Progress

    /// The number of images of a query that count for hubness.
    static let hubnessLimit = 10
    /// The number of bins in the histogram of the means.
    private static let histogramBins = 40
    /// The maximum number of queries x pairs of k and alpha with answers; each takes about 30 bytes.
    private static let maximumRanks = 1 << 23
    /// The maximum number of queries x pairs of k and alpha without answers; each takes about 120 bytes.
    static let maximumLists = 1 << 22
    /// The maximum number of queries x the largest n of group measures; each takes about 80 bytes.
    static let maximumGroupPlaces = 1 << 21
    /// The maximum number of right images of all queries; each takes about 150 bytes.
    private static let maximumAnswers = 1 << 20

    /// Checks a request with queries, and evaluates it.
    ///
    /// - Parameter vectors: the queries, queries x dimension.
    func report(
        _ request: EvaluationRequest, _ vectors: [Float], rowOfImage: (String) throws -> UInt32?
    ) throws -> EvaluationReport {
        let queries = vectors.count / snapshot.dimension
        var report = emptyReport(queries: queries, references: snapshot.state.references.count)
        let groups = try request.groups.map { try ImageGroups($0, rows: snapshot.end, rowOfImage: rowOfImage) }
        if groups != nil { try checkGroupSizes(queries: queries) }
        if let ids = request.answers {
            let answers = try rows(of: ids, queries: queries, rowOfImage: rowOfImage)
            try checkPairs(queries: queries, limit: Self.maximumRanks)
            progress("ranking", 0)
            try addLabelled(vectors, answers, to: &report)
            if let groups { try addGroupMeasures(vectors, groups, to: &report) }
            if request.referenceCurve == true { try addReferences(vectors, answers, to: &report) }
            if request.baselines == true { try addBaselines(vectors, answers, groups, to: &report) }
        } else {
            try checkPairs(queries: queries, limit: Self.maximumLists)
            progress("hubness", 0)
            try addUnlabelled(vectors, source: "queries", to: &report)
            if let groups { try addGroupMeasures(vectors, groups, to: &report) }
        }
        report.means = .init(EvenHistogram(values: try means(), bins: Self.histogramBins))
        return report
    }

    /// Evaluates with references as queries.
    func report(heldOut: HeldOutReferences) throws -> EvaluationReport {
        var report = emptyReport(
            queries: heldOut.vectors.count / snapshot.dimension, references: heldOut.others)
        try addUnlabelled(heldOut.vectors, source: "references", to: &report)
        report.means = .init(EvenHistogram(values: try means(), bins: Self.histogramBins))
        return report
    }

    private func emptyReport(queries: Int, references: Int) -> EvaluationReport {
        let pair = sweep.pairs[sweep.current]
        return EvaluationReport(
            generation: snapshot.state.generation, queries: queries, images: snapshot.state.images.count,
            references: references, k: pair.k, alpha: pair.alpha, capacity: snapshot.capacity,
            methods: [.init(name: "none"), .init(name: "current", k: pair.k, alpha: pair.alpha)], hubness: [:],
            sweep: [], tuning: nil, unlabelled: nil, referenceCurve: nil, referenceDistance: nil,
            means: .init(low: 0, high: 1, counts: []), tookMs: 0)
    }

    func checkPairs(queries: Int, limit: Int) throws(EvaluationError) {
        guard queries * sweep.variants.count <= limit else {
            throw .tooManyPairs(queries: queries, pairs: sweep.variants.count, limit: limit)
        }
    }

    /// The rows of the right images of each query, each once.
    private func rows(
        of ids: [[String]], queries: Int, rowOfImage: (String) throws -> UInt32?
    ) throws -> [[UInt32]] {
        guard ids.count == queries else {
            throw EvaluationError.wrongNumberOfAnswers(answers: ids.count, queries: queries)
        }
        if let empty = ids.firstIndex(where: \.isEmpty) { throw EvaluationError.queryWithoutAnswers(empty) }
        let count = ids.reduce(0) { $0 + $1.count }
        guard count <= Self.maximumAnswers else {
            throw EvaluationError.tooManyAnswers(count: count, limit: Self.maximumAnswers)
        }
        var unknown: [String] = []
        let rows = try ids.map { ids in
            var rows: Set<UInt32> = []
            for id in ids {
                if let row = try rowOfImage(id) { rows.insert(row) } else { unknown.append(id) }
            }
            return rows.sorted()
        }
        if let first = unknown.first {
            throw EvaluationError.unknownImages(field: "answers", first: first, count: Set(unknown).count)
        }
        return rows
    }

    /// The means of all images, with the daemon's k.
    private func means() throws -> [Float] {
        try snapshot.values(of: ImageColumns(ks: [sweep.pairs[sweep.current].k])) { progress("means", $0) }[0]
            .filter { $0 != .infinity }
    }
}
