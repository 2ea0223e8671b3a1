internal import LMDB
internal import ShardFormats
internal import VectorMath

extension BiasMaintenance {
    /// The maximum number of vectors of a sample, and the maximum number of their components.
    private static let sampleLimits = (rows: 8192, components: 1 << 24)

    /// The newest basis of codes; a basis from samples if none is stored.
    ///
    /// - Parameters:
    ///   - images: the vectors of images, count x dimension, at least one.
    ///   - references: the counts of the references' rows.
    func basis(
        forImages images: [Float], references: StoreState.RowCounts,
        in transaction: borrowing some Transaction & ~Copyable
    ) throws -> (version: UInt32, basis: CodeBasis) {
        if let newest = try codes.bases(in: transaction).newest { return newest }
        let dimension = layout.dimension
        let rows = sampleRows(of: images.count / dimension)
        var sample: [Float] = []
        sample.reserveCapacity(rows.count * dimension)
        for row in rows { sample += images[row * dimension..<(row + 1) * dimension] }
        let counts = CodeBasis.CorpusCounts(images: images.count / dimension, references: references.count)
        let references = try self.sample(.references, end: references.end, in: transaction)
        return (
            CodeBasisTable.firstVersion,
            CodeBasis(images: sample.span, references: references.span, dimension: dimension, corpusCounts: counts)
        )
    }

    /// A basis from a sample of the whole corpus; `nil` if there are no images.
    func newBasis(
        _ state: StoreState, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> CodeBasis? {
        let images = try sample(.images, end: state.images.end, in: transaction)
        guard !images.isEmpty else { return nil }
        let references = try sample(.references, end: state.references.end, in: transaction)
        return CodeBasis(
            images: images.span, references: references.span, dimension: layout.dimension,
            corpusCounts: CodeBasis.CorpusCounts(images: state.images.count, references: state.references.count))
    }

    /// Stores a basis of codes if none is stored.
    func storeFirstBasis(_ basis: CodeBasis, in transaction: borrowing WriteTransaction) throws {
        let bases = try codes.bases(in: transaction)
        guard bases.newest == nil else { return }
        try tables.codeBases.append(basis, after: bases, in: transaction)
    }

    /// The vectors of rows that are evenly spaced among all rows; rows without a vector are left out.
    ///
    /// - Parameter limit: the maximum number of rows; `nil` for that of a sample for a basis.
    func sample(
        _ role: VectorRole, end: Int, limit: Int? = nil, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> [Float] {
        let dimension = layout.dimension
        let values = try vectors(role).read(rows: sampleRows(of: end, limit: limit).map { UInt32($0) }, in: transaction)
        var sample: [Float] = []
        for start in stride(from: 0, to: values.count, by: dimension) where values[start].isFinite {
            sample += values[start..<start + dimension]
        }
        return sample
    }

    /// - Parameter limit: the maximum number of rows; `nil` for that of a sample for a basis.
    private func sampleRows(of count: Int, limit: Int? = nil) -> [Int] {
        let limits = Self.sampleLimits
        let size = min(count, limit ?? max(1, min(limits.rows, limits.components / layout.dimension)))
        return (0..<size).map { $0 * count / size }
    }
}
