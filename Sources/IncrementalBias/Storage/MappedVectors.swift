internal import LMDB
internal import VectorMath

/// The mapped vectors of a range of rows; valid as `MappedValues` are.
struct MappedVectors: Sendable {
    let blocks: MappedValues
    let firstBlock: Int
    let layout: VectorLayout

    /// Copies the vectors of `rows` to the start of `values` as floats, rows.count x dimension; grows `values` if needed.
    func copy(_ rows: Range<Int>, to values: inout [Float]) {
        let dimension = layout.dimension
        if values.count < rows.count * dimension { values = Array(repeating: 0, count: rows.count * dimension) }
        var row = rows.lowerBound
        while row < rows.upperBound {
            let (block, slot) = layout.place(of: row)
            let here = min(layout.rowsPerBlock - slot, rows.upperBound - row)
            blocks.value(at: block - firstBlock) { bytes in
                layout.coding.decode(
                    bytes.extracting(layout.bytes(of: slot..<slot + here)), into: &values,
                    at: (row - rows.lowerBound) * dimension)
            }
            row += here
        }
    }

    /// Calls `body` with the vector of `row`.
    func withVector<R>(_ row: Int, scratch: FloatScratch, _ body: (Span<Float>) throws -> R) rethrows -> R {
        let (block, slot) = layout.place(of: row)
        return try blocks.value(at: block - firstBlock) { bytes in
            try layout.coding.withFloats(bytes.extracting(layout.bytes(of: slot)), scratch: scratch, body)
        }
    }
}

/// The mapped vectors of some rows in any order; valid as `MappedValues` are.
struct MappedRows: Sendable {
    let rows: [UInt32]
    let layout: VectorLayout
    let source: Source

    /// The values that the vectors are read from.
    enum Source: Sendable {
        /// For each row its block.
        case blocks(MappedValues)
        /// The vectors of all rows.
        case range(MappedVectors)
    }

    /// Calls `body` with the vector of the row at `index`.
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
