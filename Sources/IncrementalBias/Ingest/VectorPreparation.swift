internal import VectorMath

/// Checks vectors, normalises them under the metric `cosine`, and rounds them to the store's precision.
struct VectorPreparation {
    let settings: StoreSettings
    let pool: WorkerPool

    /// The number of rows that a thread of the pool processes at a time.
    private static let rowsPerPiece = 256
    /// The maximum number of rows that a rejection lists.
    private static let maximumListedRows = 20

    private enum Problem {
        case zero, tooLarge
    }

    /// Prepares vectors; see ``Corpus/prepare(_:dimension:firstRow:)``.
    ///
    /// - Parameters:
    ///   - values: the vectors, rows x dimension, all finite; changed in place if no other variable holds the array.
    ///   - dimension: the dimension of the vectors.
    ///   - firstRow: the number that an error gives the first vector in `values`.
    /// - Throws: ``ShardRejection`` with the first rows that can't be stored; what the pool throws.
    func run(_ values: consuming [Float], dimension: Int, firstRow: Int) throws -> PreparedVectors {
        precondition(dimension > 0 && values.count % dimension == 0)
        var values = values
        let rows = values.count / dimension
        let settings = settings
        let coding = VectorCoding(settings.precision)
        let problems = try SharedRows.with(&values, dimension: dimension) { shared in
            try pool.run(count: (rows + Self.rowsPerPiece - 1) / Self.rowsPerPiece) {
                [(row: Int, problem: Problem)]()
            } body: { problems, piece in
                for row in piece * Self.rowsPerPiece..<min((piece + 1) * Self.rowsPerPiece, rows) {
                    if let problem = Self.prepare(row, of: shared, settings) { problems.append((row, problem)) }
                    shared.round(row, as: coding)
                }
            }.joined().sorted { $0.row < $1.row }
        }
        if let first = problems.first {
            let rows = problems.filter { $0.problem == first.problem }.prefix(Self.maximumListedRows)
                .map { firstRow + $0.row }
            throw first.problem == .zero ? ShardRejection.zeroVectors(rows: rows) : ShardRejection.tooLarge(rows: rows)
        }
        return PreparedVectors(values: values, dimension: dimension)
    }

    /// Checks and normalises one vector.
    ///
    /// - Returns: the reason why it can't be stored, or `nil`.
    private static func prepare(_ row: Int, of rows: SharedRows, _ settings: StoreSettings) -> Problem? {
        let norm = rows.norm(row)
        switch settings.metric {
        case .cosine:
            guard norm > 0 else { return .zero }
            rows.normalise(row, norm: norm)
        case .innerProduct:
            guard norm <= Metric.maximumNorm, rows.magnitude(row) <= settings.precision.greatestFinite else {
                return .tooLarge
            }
        }
        return nil
    }
}
