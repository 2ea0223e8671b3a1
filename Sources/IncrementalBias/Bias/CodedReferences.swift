internal import VectorMath

/// The codes of all references, in memory and in random order, for a search by codes (``SearchByCodes``).
///
/// The random order makes any number of first references a sample of all, which ``CodedSearch`` needs for its
/// estimates.
struct CodedReferences: Sendable {
    /// The number of references in a block of codes.
    static let rowsPerBlock = 512

    let basis: CodeBasis
    let layout: CodeLayout
    /// The rows of the references, in the random order.
    private let rows: [UInt32]
    /// The codes of `rows`, `rowsPerBlock` in each block.
    private let blocks: [CodeBlock]

    /// Encodes the vectors of all rows below `end`, on the threads of `pool`.
    ///
    /// Free rows are encoded too. Their vectors are NaN, which no search finds.
    init(_ vectors: MappedVectors, end: Int, basis: CodeBasis, pool: WorkerPool) throws {
        let layout = CodeLayout(rows: Self.rowsPerBlock, dimension: vectors.layout.dimension)
        let blockCount = (end + Self.rowsPerBlock - 1) / Self.rowsPerBlock
        let rows = (0..<UInt32(end)).shuffled()
        let workers = try pool.run(count: blockCount) {
            (scratch: FloatScratch(), encoded: [(number: Int, block: CodeBlock)]())
        } body: { worker, number in
            var values: [Float] = []
            values.reserveCapacity(Self.rowsPerBlock * layout.dimension)
            for row in rows[number * Self.rowsPerBlock..<min((number + 1) * Self.rowsPerBlock, end)] {
                vectors.withVector(Int(row), scratch: worker.scratch) { vector in
                    for index in vector.indices { values.append(vector[index]) }
                }
            }
            worker.encoded.append((number, CodeBlock(values.span, .reference, basis: basis, layout: layout)))
        }
        self.basis = basis
        self.layout = layout
        self.rows = rows
        blocks = workers.flatMap(\.encoded).sorted { $0.number < $1.number }.map(\.block)
    }

    /// Calls `body` with the block of codes that holds the references at `positions`, and with their rows.
    ///
    /// - Parameter positions: positions in the random order. They start at a multiple of ``rowsPerBlock`` and end in
    ///   the same block.
    func withBlock<R>(at positions: Range<Int>, _ body: (RawSpan, ArraySlice<UInt32>) throws -> R) rethrows -> R {
        try blocks[positions.lowerBound / Self.rowsPerBlock].withBytes { try body($0, rows[positions]) }
    }
}
