internal import Similarity

/// Makes the vectors of a shard what the store keeps: normalised under cosine, rounded to the store's precision.
struct VectorPreparation {
    let settings: StoreSettings
    let pool: WorkerPool

    private static let rowsPerPiece = 256
    private static let rowsReported = 20

    /// The vectors of a shard as they will be stored, rows x dimension; none for a deletion.
    ///
    /// - Throws: ``ShardRefusal`` naming the rows that can't be stored.
    func prepare(_ content: IncomingShard.Content) throws -> [Float] {
        guard case .vectors(let values, let dimension) = content else { return [] }
        return try prepare(values, dimension: dimension)
    }

    private func prepare(_ values: [Float], dimension: Int) throws -> [Float] {
        let rows = values.count / dimension
        let coding = VectorCoding(settings.precision)
        let pieces = (rows + Self.rowsPerPiece - 1) / Self.rowsPerPiece
        let workers = try pool.run(count: pieces) {
            Piecework()
        } body: { [self] worker, piece in
            let range = piece * Self.rowsPerPiece..<min((piece + 1) * Self.rowsPerPiece, rows)
            var part = Array(values[range.lowerBound * dimension..<range.upperBound * dimension])
            for row in range {
                let position = (row - range.lowerBound) * dimension
                if let problem = prepare(&part, position..<position + dimension) {
                    worker.problems.append((row, problem))
                }
            }
            worker.parts.append((piece, coding.rounded(part)))
        }
        let problems = workers.flatMap(\.problems).sorted { $0.row < $1.row }
        if let first = problems.first {
            let rows = problems.filter { $0.problem == first.problem }.prefix(Self.rowsReported).map(\.row)
            throw first.problem == .zero ? ShardRefusal.zeroVectors(rows: rows) : ShardRefusal.tooLarge(rows: rows)
        }
        var prepared: [Float] = []
        prepared.reserveCapacity(values.count)
        for part in workers.flatMap(\.parts).sorted(by: { $0.piece < $1.piece }) {
            prepared.append(contentsOf: part.values)
        }
        return prepared
    }

    private enum Problem {
        case zero, tooLarge
    }

    private struct Piecework {
        var parts: [(piece: Int, values: [Float])] = []
        var problems: [(row: Int, problem: Problem)] = []
    }

    private func prepare(_ values: inout [Float], _ vector: Range<Int>) -> Problem? {
        let norm = Kernels.norm(values.span.extracting(vector))
        switch settings.metric {
        case .cosine:
            guard norm > 0 else { return .zero }
            Kernels.normalise(&values, vector, norm: norm)
        case .innerProduct:
            guard norm <= Metric.greatestNorm else { return .tooLarge }
            for i in vector where abs(values[i]) > settings.precision.greatestFinite { return .tooLarge }
        }
        return nil
    }
}
