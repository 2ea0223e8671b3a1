internal import IncrementalBias
internal import WireAPI

/// The labels of some images.
struct ImageGroups {
    /// The labels, in alphabetical order.
    let labels: [String]
    /// For each row the index of its label; `nil` for an image without a label.
    let labelOfRow: [Int?]
    /// The share of each label among the labelled images.
    let shares: [Double]

    /// - Parameters:
    ///   - labels: image id -> label.
    ///   - rows: the number of rows.
    /// - Throws: ``EvaluationError``.
    init(_ groups: [String: String], rows: Int, rowOfImage: (String) throws -> UInt32?) throws {
        let labels = Set(groups.values).sorted()
        guard labels.count >= 2 else { throw EvaluationError.tooFewLabels }
        var labelOfRow = [Int?](repeating: nil, count: rows)
        var counts = [Int](repeating: 0, count: labels.count)
        var unknown: [String] = []
        for (id, label) in groups.sorted(by: { $0.key < $1.key }) {
            guard let row = try rowOfImage(id), let index = labels.firstIndex(of: label) else {
                unknown.append(id)
                continue
            }
            labelOfRow[Int(row)] = index
            counts[index] += 1
        }
        if let first = unknown.first {
            throw EvaluationError.unknownImages(field: "groups", first: first, count: unknown.count)
        }
        self.labels = labels
        self.labelOfRow = labelOfRow
        shares = counts.map { Double($0) / Double(groups.count) }
    }
}

extension EvaluationRun {
    /// Adds the group measures to the methods of a report: `none`, `current` and, if it has that, `tuned`.
    func addGroupMeasures(_ vectors: [Float], _ groups: ImageGroups, to report: inout EvaluationReport) throws {
        let top = try topLabelled(vectors, groups, columns: columns, variants: methodVariants(report))
        for method in report.methods.indices {
            report.methods[method].groups = measures(of: top, groups) { _ in method }
        }
    }

    /// The first labelled images of each query, as many as the largest n.
    func topLabelled(
        _ vectors: [Float], _ groups: ImageGroups, columns: ImageColumns, variants: ScoreVariants
    ) throws -> TopImages {
        var columns = columns
        columns.included = groups.labelOfRow.map { $0 != nil }
        return try snapshot.topImages(
            queries: vectors, limit: options.groupSizes.max() ?? 1, columns: columns, variants: variants
        ) { progress("groups", $0) }
    }

    /// Measures the labels of the first labelled images of the queries.
    ///
    /// - Parameter variant: the variant that ranks the images for a query.
    func measures(
        of top: TopImages, _ groups: ImageGroups, variant: (_ query: Int) -> Int
    ) -> EvaluationReport.GroupMeasures {
        let rankings = (0..<top.queries).map { query in
            top.rows(query: query, variant: variant(query)).compactMap { groups.labelOfRow[Int($0)] }
        }
        return .init(GroupMeasures(rankings: rankings, shares: groups.shares, sizes: options.groupSizes))
    }

    /// Checks that the first images of all queries do not take too much memory.
    func checkGroupSizes(queries: Int) throws(EvaluationError) {
        let largest = options.groupSizes.max() ?? 1
        guard queries * largest <= Self.maximumGroupPlaces else {
            throw .groupSizeTooLarge(largest, queries: queries, limit: Self.maximumGroupPlaces / queries)
        }
    }
}
