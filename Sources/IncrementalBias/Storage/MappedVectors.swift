internal import LMDB
internal import VectorMath

/// The vectors of a range of rows, read in place in LMDB's memory map.
///
/// They are valid until the next write of the transaction or its end.
struct MappedVectors: Sendable {
    let blocks: MappedValues
    /// The number of the first block in `blocks`.
    let firstBlock: Int
    let layout: VectorLayout

    /// Copies the vectors of `rows` to the start of `values`, as floats, rows.count x dimension.
    ///
    /// - Parameter values: a buffer; replaced by a larger array if it is too small.
    func copy(_ rows: Range<Int>, to values: inout [Float]) {
        let dimension = layout.dimension
        if values.count < rows.count * dimension { values = Array(repeating: 0, count: rows.count * dimension) }
        var row = rows.lowerBound
        while row < rows.upperBound {
            let (block, slot) = layout.place(of: row)
            let count = min(layout.rowsPerBlock - slot, rows.upperBound - row)
            blocks.value(at: block - firstBlock) { bytes in
                layout.coding.decode(
                    bytes.extracting(layout.bytes(of: slot..<slot + count)), into: &values,
                    at: (row - rows.lowerBound) * dimension)
            }
            row += count
        }
    }

    /// Prefetches the vector of `row` into the cache, if it is stored as floats.
    func prefetch(_ row: Int, scratch: FloatScratch) {
        guard layout.coding.precision == .float32 else { return }
        withVector(row, scratch: scratch) { Kernels.prefetch($0) }
    }

    /// Calls `body` with the vector of `row`.
    ///
    /// - Parameter scratch: memory for the conversion to floats; each thread needs its own.
    func withVector<R>(_ row: Int, scratch: FloatScratch, _ body: (Span<Float>) throws -> R) rethrows -> R {
        let (block, slot) = layout.place(of: row)
        return try blocks.value(at: block - firstBlock) { bytes in
            try layout.coding.withFloats(bytes.extracting(layout.bytes(of: slot)), scratch: scratch, body)
        }
    }
}

/// The vectors of some rows, in any order, read in place in LMDB's memory map.
///
/// They are valid until the next write of the transaction or its end.
struct MappedRows: Sendable {
    let rows: [UInt32]
    let layout: VectorLayout
    let source: Source

    /// The LMDB values that contain the vectors.
    enum Source: Sendable {
        /// For each element of `rows` its block.
        case blocks(MappedValues)
        /// The vectors of all rows of the table.
        case range(MappedVectors)
    }

    /// Calls `body` with the vector of row `rows[index]`.
    ///
    /// - Parameter scratch: memory for the conversion to floats; each thread needs its own.
    func withVector<R>(at index: Int, scratch: FloatScratch, _ body: (Span<Float>) throws -> R) rethrows -> R {
        let row = Int(rows[index])
        switch source {
        case .range(let vectors): return try vectors.withVector(row, scratch: scratch, body)
        case .blocks(let blocks):
            return try blocks.value(at: index) { block in
                try layout.coding.withFloats(
                    block.extracting(layout.bytes(of: layout.place(of: row).slot)), scratch: scratch, body)
            }
        }
    }
}
