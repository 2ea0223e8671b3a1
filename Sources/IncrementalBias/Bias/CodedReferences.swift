internal import VectorMath

/// The codes of all references, in memory and in random order, for comparison with many images.
struct CodedReferences: Sendable {
    /// References per block of codes.
    static let rowsPerBlock = 512

    let layout: CodeLayout
    /// The row of each reference.
    private let rows: [UInt32]
    private let blocks: [CodeBlock]

    /// Encodes the vectors of the rows below `end`.
    init(_ vectors: MappedVectors, end: Int, pool: WorkerPool) throws {
        let layout = CodeLayout(rows: Self.rowsPerBlock, dimension: vectors.layout.dimension)
        let count = (end + Self.rowsPerBlock - 1) / Self.rowsPerBlock
        let rows = (0..<UInt32(end)).shuffled()
        let workers = try pool.run(count: count) {
            (scratch: FloatScratch(), done: [(number: Int, block: CodeBlock)]())
        } body: { worker, number in
            var values: [Float] = []
            values.reserveCapacity(Self.rowsPerBlock * layout.dimension)
            for row in rows[number * Self.rowsPerBlock..<min((number + 1) * Self.rowsPerBlock, end)] {
                vectors.withVector(Int(row), scratch: worker.scratch) { vector in
                    for index in vector.indices { values.append(vector[index]) }
                }
            }
            worker.done.append((number, CodeBlock(values.span, layout: layout)))
        }
        self.layout = layout
        self.rows = rows
        blocks = workers.flatMap(\.done).sorted { $0.number < $1.number }.map(\.block)
    }

    /// Calls `body` with the block of codes of the references at the indices `range`, and with their rows.
    ///
    /// - Parameter range: starts at a multiple of ``rowsPerBlock`` and ends in the same block.
    func withBlock<R>(at range: Range<Int>, _ body: (RawSpan, ArraySlice<UInt32>) throws -> R) rethrows -> R {
        try blocks[range.lowerBound / Self.rowsPerBlock].withBytes { try body($0, rows[range]) }
    }
}
