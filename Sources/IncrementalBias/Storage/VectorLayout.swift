internal import VectorMath

/// The layout of stored vectors: blocks of a few rows, so that a commit that replaces scattered rows copies few others.
///
/// A value of more than about 2,000 bytes fills LMDB pages of its own. A block has the fewest pages, at least two, of which
/// its rows fill seven eighths or more.
///
///     [0 ..< pad]                  unused; aligns vectors to cache lines where their size allows
///     rowsPerBlock x rowBytes      vectors in the store's precision; NaN where a row has none
///     rowsPerBlock x 4 bytes       checksums, see RowChecksum; meaningless where a row has no vector
struct VectorLayout: Sendable {
    let dimension: Int
    let coding: VectorCoding
    let rowsPerBlock: Int

    private static let pageBytes = 4096
    /// The bytes of LMDB's header in the first page of a value.
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

    /// The size of one vector in bytes.
    var rowBytes: Int { dimension * coding.precision.byteCount }

    /// The size of one block in bytes.
    var blockBytes: Int { checksum(of: rowsPerBlock) }

    /// The block of `row`, and the slot of the row in the block.
    func place(of row: Int) -> (block: Int, slot: Int) {
        let (block, slot) = row.quotientAndRemainder(dividingBy: rowsPerBlock)
        return (block, slot)
    }

    /// The bytes of neighbouring slots in their block.
    func bytes(of slots: Range<Int>) -> Range<Int> {
        CacheLine.pad + slots.lowerBound * rowBytes..<CacheLine.pad + slots.upperBound * rowBytes
    }

    /// The bytes of one slot in its block.
    func bytes(of slot: Int) -> Range<Int> { bytes(of: slot..<slot + 1) }

    /// The offset of the checksum of one slot in its block.
    func checksum(of slot: Int) -> Int {
        CacheLine.pad + rowsPerBlock * rowBytes + slot * RowChecksum.byteCount
    }
}
