internal import LMDB
internal import VectorMath

/// The codes of the images: block number -> the codes of `rowsPerBlock` images, with the layout ``StoreLayout/codes``.
///
/// A code approximates a vector with one signed byte per component. A *slot* is the index of a row in its block.
struct CodeTable {
    let database: Database
    let layout: StoreLayout

    /// The number of vectors that are encoded before their codes are stored; it limits the memory for codes.
    private static let rowsPerBatch = 16_384

    /// Encodes vectors and stores the codes.
    ///
    /// - Parameters:
    ///   - values: the vectors, rows.count x dimension, rounded to the store's precision.
    ///   - rows: the rows of the vectors.
    ///   - pool: the threads that encode.
    func write(_ values: [Float], rows: [UInt32], pool: WorkerPool, in transaction: borrowing WriteTransaction) throws {
        for start in stride(from: 0, to: rows.count, by: Self.rowsPerBatch) {
            let batch = start..<min(start + Self.rowsPerBatch, rows.count)
            try write(try encode(values, batch, pool: pool), rows: rows[batch], in: transaction)
        }
    }

    /// Stores codes; the first code is that of the first of `rows`, and so on.
    func write(_ codes: EncodedRows, rows: ArraySlice<UInt32>, in transaction: borrowing WriteTransaction) throws {
        let order = rows.indices.sorted { rows[$0] < rows[$1] }
        let rowsPerBlock = layout.rowsPerBlock
        for group in order.chunked(by: { Int(rows[$0]) / rowsPerBlock }) {
            let block = rows[order[group.lowerBound]] / UInt32(rowsPerBlock)
            try transaction.update(database, block, byteCount: layout.codes.byteCount) { bytes, _ in
                for position in order[group] {
                    codes.write(position - rows.startIndex, to: &bytes, slot: Int(rows[position]) % rowsPerBlock)
                }
            }
        }
    }

    /// The blocks with these numbers, mapped.
    func mapped(blocks: Range<Int>, in transaction: borrowing some Transaction & ~Copyable) throws -> MappedValues {
        try transaction.mapped(
            database, UInt32(blocks.lowerBound)..<UInt32(blocks.upperBound),
            byteCount: layout.codes.byteCount)
    }

    /// Whether the error bounds of the stored code of `row` hold for `vector`; false if the row's block is missing.
    ///
    /// - Parameter vector: the stored vector of the row.
    func covers(_ vector: [Float], row: UInt32, in transaction: borrowing some Transaction & ~Copyable) throws -> Bool {
        let (block, slot) = Int(row).quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        let isCovered = try transaction.value(database, UInt32(block)) { bytes in
            layout.codes.hasValidBounds(for: vector, in: bytes, slot: slot)
        }
        return isCovered ?? false
    }

    /// Encodes a range of vectors.
    ///
    /// - Parameters:
    ///   - values: vectors, rows x dimension.
    ///   - rows: the indices in `values` of the vectors to encode.
    ///   - pool: the threads that encode.
    func encode(_ values: [Float], _ rows: Range<Int>, pool: WorkerPool) throws -> EncodedRows {
        let (codes, dimension) = (layout.codes, layout.dimension)
        let count = (rows.count + EncodedRows.rowsPerPiece - 1) / EncodedRows.rowsPerPiece
        let workers = try pool.run(count: count) {
            [(piece: Int, codes: Codes)]()
        } body: { done, piece in
            let start = rows.lowerBound + piece * EncodedRows.rowsPerPiece
            let end = min(start + EncodedRows.rowsPerPiece, rows.upperBound)
            done.append((piece, Codes(values.span.extracting(start * dimension..<end * dimension), layout: codes)))
        }
        return EncodedRows(pieces: workers.joined().sorted { $0.piece < $1.piece }.map(\.codes))
    }
}
