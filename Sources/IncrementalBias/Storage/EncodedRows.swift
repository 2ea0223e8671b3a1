internal import VectorMath

/// The codes of some vectors, which several threads have computed in pieces of ``rowsPerPiece`` vectors.
struct EncodedRows: Sendable {
    /// The number of vectors in each piece but the last.
    static let rowsPerPiece = 256

    /// The version of the basis of the codes.
    let version: UInt32
    let pieces: [Codes]

    /// Writes one code to a block of codes.
    ///
    /// - Parameters:
    ///   - position: the index of the vector among all encoded vectors.
    ///   - block: the block.
    ///   - slot: the index in the block that the code gets.
    func write(_ position: Int, to block: inout MutableRawSpan, slot: Int) {
        let (piece, index) = position.quotientAndRemainder(dividingBy: Self.rowsPerPiece)
        pieces[piece].write(index, to: &block, slot: slot)
    }

    /// Writes one sign code to a block of sign codes.
    ///
    /// - Parameters:
    ///   - position: the index of the vector among all encoded vectors.
    ///   - block: the block.
    ///   - slot: the index in the block that the sign code gets.
    func writeSigns(_ position: Int, to block: inout MutableRawSpan, slot: Int) {
        let (piece, index) = position.quotientAndRemainder(dividingBy: Self.rowsPerPiece)
        pieces[piece].writeSigns(index, to: &block, slot: slot)
    }
}
