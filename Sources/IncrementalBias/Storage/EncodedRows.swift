internal import VectorMath

/// The codes of some vectors, made by several threads in pieces of ``rowsPerPiece``.
struct EncodedRows: Sendable {
    /// Vectors in every piece but the last.
    static let rowsPerPiece = 256

    let pieces: [Codes]

    /// Writes the code of vector number `position` as row `slot` of a block.
    func write(_ position: Int, to block: inout MutableRawSpan, slot: Int) {
        let (piece, index) = position.quotientAndRemainder(dividingBy: Self.rowsPerPiece)
        pieces[piece].write(index, to: &block, slot: slot)
    }
}
