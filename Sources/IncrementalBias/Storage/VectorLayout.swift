internal import VectorMath

/// How vectors lie in the store: blocks of a few, so that a commit that replaces rows here and there copies few others.
///
/// A value of more than about 2,000 bytes fills LMDB pages of its own. A block has the fewest pages, two at least, of
/// which its rows fill seven eighths or more.
///
///     [0 ..< pad]                  unused, so that vectors lie on cache lines where their size allows
///     rowsPerBlock x rowBytes      vectors in the store's precision; NaN where a row has none
///     rowsPerBlock x 4 bytes       checksums, see RowChecksum; of no meaning where a row has no vector
struct VectorLayout: Sendable {
    let dimension: Int
    let coding: VectorCoding
    let rowsPerBlock: Int

    private static let pageBytes = 4096
    /// What LMDB keeps at the start of a value's first page.
    private static let headerBytes = 16

    init(dimension: Int, precision: Precision) {
        self.dimension = dimension
        coding = VectorCoding(precision)
        let rowBytes = dimension * precision.byteCount + RowChecksum.byteCount
        var pages = 1
        var rows = 0
        repeat {
            pages += 1
            rows = (pages * Self.pageBytes - Self.headerBytes - CacheLine.pad) / rowBytes
        } while rows * rowBytes * 8 < pages * Self.pageBytes * 7
        rowsPerBlock = rows
    }

    /// Bytes of one vector.
    var rowBytes: Int { dimension * coding.precision.byteCount }

    /// Bytes of one block.
    var blockBytes: Int { checksum(of: rowsPerBlock) }

    /// The block of `row`, and its place in it.
    func place(of row: Int) -> (block: Int, slot: Int) {
        let (block, slot) = row.quotientAndRemainder(dividingBy: rowsPerBlock)
        return (block, slot)
    }

    /// Where the vectors at some places of a block lie in it.
    func bytes(of slots: Range<Int>) -> Range<Int> {
        CacheLine.pad + slots.lowerBound * rowBytes..<CacheLine.pad + slots.upperBound * rowBytes
    }

    /// Where the vector at one place of a block lies in it.
    func bytes(of slot: Int) -> Range<Int> { bytes(of: slot..<slot + 1) }

    /// Where the checksum of the vector at one place of a block lies in it.
    func checksum(of slot: Int) -> Int {
        CacheLine.pad + rowsPerBlock * rowBytes + slot * RowChecksum.byteCount
    }
}
