internal import VectorMath

/// The layout of a block of stored vectors.
///
///     [0 ..< CacheLine.pad]        unused; aligns the vectors to cache lines if their size is a multiple of 64 bytes
///     rowsPerBlock x rowBytes      the vectors, in the store's precision; NaN in rows without a vector
///     rowsPerBlock x 4 bytes       the checksums, see RowChecksum; undefined in rows without a vector
///
/// LMDB stores a value of more than about 2,000 bytes in pages that hold nothing else, and a commit writes whole
/// values. Blocks are therefore small: a commit that replaces scattered rows copies few other rows. A block takes the
/// smallest number of LMDB pages, at least two, at which its rows fill seven eighths of them or more.
struct VectorLayout: Sendable {
    let dimension: Int
    /// The conversion between floats and the store's precision.
    let coding: VectorCoding
    let rowsPerBlock: Int

    /// The size of a page of LMDB, in bytes.
    private static let pageBytes = 4096
    /// The size of LMDB's header in the first page of a value, in bytes.
    private static let headerBytes = 16

    init(dimension: Int, precision: Precision) {
        self.dimension = dimension
        coding = VectorCoding(precision)
        let bytesWithChecksum = dimension * precision.byteCount + RowChecksum.byteCount
        var pages = 1
        var rows = 0
        repeat {
            pages += 1
            rows = (pages * Self.pageBytes - Self.headerBytes - CacheLine.pad) / bytesWithChecksum
        } while rows * bytesWithChecksum * 8 < pages * Self.pageBytes * 7
        rowsPerBlock = rows
    }

    /// The size of one vector in bytes.
    var rowBytes: Int { dimension * coding.precision.byteCount }

    /// The size of one block in bytes.
    var blockBytes: Int { checksum(of: rowsPerBlock) }

    /// The number of the block with `row`, and the slot (index) of the row in the block.
    func place(of row: Int) -> (block: Int, slot: Int) {
        let (block, slot) = row.quotientAndRemainder(dividingBy: rowsPerBlock)
        return (block, slot)
    }

    /// The bytes in a block that hold the vectors of consecutive slots.
    func bytes(of slots: Range<Int>) -> Range<Int> {
        CacheLine.pad + slots.lowerBound * rowBytes..<CacheLine.pad + slots.upperBound * rowBytes
    }

    /// The bytes in a block that hold the vector of one slot.
    func bytes(of slot: Int) -> Range<Int> { bytes(of: slot..<slot + 1) }

    /// The offset in a block of the checksum of one slot.
    func checksum(of slot: Int) -> Int {
        CacheLine.pad + rowsPerBlock * rowBytes + slot * RowChecksum.byteCount
    }
}
