internal import LMDB
internal import ShardFormats
internal import VectorMath

/// A checksum of all references: the sum of their vectors, each multiplied by a weight that its id decides
/// (`HeapFile.weight(ofReference:)`).
///
/// It does not depend on their order, and hardly on the rounding of vectors that another program normalised. A
/// reference that is missing, added or replaced changes it by about the length of its vector.
struct ReferenceChecksum: Sendable {
    /// The number of references.
    let count: Int
    /// The sum, one number for each component.
    let sums: [Double]
    /// The sum of the squared lengths of the vectors.
    let squares: Double
    /// The length of the longest vector.
    let largestNorm: Double

    /// How far the checksums of the same references may be apart, relative to the square root of ``squares``.
    ///
    /// Rounding errors are independent, and add up like this square root. A vector that was normalised in float32 by
    /// another program differs by about 1e-7 of its length; one that was then rounded to float16 by about 1e-5.
    private static func tolerance(_ precision: Precision) -> Double {
        switch precision {
        case .float32: 1e-6
        case .float16: 5e-5
        }
    }

    /// Whether `other` is the checksum of the same references.
    func matches(_ other: [Double], precision: Precision) -> Bool {
        guard other.count == sums.count else { return count == 0 }
        let distance = zip(sums, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        // False also for NaN.
        return distance.squareRoot() <= Self.tolerance(precision) * squares.squareRoot()
    }
}

extension BiasMaintenance {
    /// The number of references whose vectors a thread sums at a time.
    private static let rowsPerSum = 4096

    /// Computes the checksum of all references.
    ///
    /// - Parameters:
    ///   - counts: the counts of the references' rows.
    ///   - mapped: the vectors of all of them.
    func checksum(
        _ counts: StoreState.RowCounts, _ mapped: MappedVectors, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> ReferenceChecksum {
        let dimension = layout.dimension
        let weights = try weights(counts, in: transaction)
        let parts = try pool.run(count: (counts.end + Self.rowsPerSum - 1) / Self.rowsPerSum) {
            (values: [Float](), sums: [Double](repeating: 0, count: dimension), squares: 0.0, largest: 0.0)
        } body: { part, piece in
            let rows = piece * Self.rowsPerSum..<min((piece + 1) * Self.rowsPerSum, counts.end)
            mapped.copy(rows, to: &part.values)
            let values = part.values
            for row in rows where weights[row] != 0 {
                let start = (row - rows.lowerBound) * dimension
                let vector = values.span.extracting(start..<start + dimension)
                let norm = Kernels.norm(vector)
                part.squares += norm * norm
                part.largest = max(part.largest, norm)
                var sums = part.sums.mutableSpan
                for i in 0..<dimension { sums[i] += weights[row] * Double(vector[i]) }
            }
        }
        var sums = [Double](repeating: 0, count: dimension)
        for part in parts { for i in 0..<dimension { sums[i] += part.sums[i] } }
        return ReferenceChecksum(
            count: counts.count, sums: sums, squares: parts.reduce(0) { $0 + $1.squares },
            largestNorm: parts.reduce(0) { max($0, $1.largest) })
    }

    /// The weight of each row; 0 for a row without a reference.
    private func weights(
        _ counts: StoreState.RowCounts, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> [Double] {
        var weights = [Double](repeating: 0, count: counts.end)
        try transaction.forEach(tables.references.ids) { key, id in
            let row = Int(try StoredNumber.uint32(key, "the row of an id"))
            guard row < counts.end else { throw StoreError.damaged("a reference has a row that was never used") }
            weights[row] = HeapFile.weight(ofReference: id)
            return true
        }
        return weights
    }
}
