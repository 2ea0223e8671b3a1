internal import Similarity

/// The sizes of the store's values, which follow from the settings and the dimension.
struct StoreLayout: Sendable {
    let dimension: Int
    let settings: StoreSettings
    let coding: VectorCoding
    let heaps: HeapLayout
    /// Rows per block: the largest power of two whose vectors fill at most 1 MiB, from 1 to 4,096.
    let rowsPerBlock: Int

    init(dimension: Int, settings: StoreSettings) {
        self.dimension = dimension
        self.settings = settings
        coding = VectorCoding(settings.precision)
        heaps = HeapLayout(capacity: settings.capacity)
        let rowBytes = dimension * settings.precision.byteCount
        var rows = 4096
        while rows > 1, rows * rowBytes > 1 << 20 { rows /= 2 }
        rowsPerBlock = rows
    }

    /// How a block of images lies in its coded form.
    var codes: CodeLayout { CodeLayout(rows: rowsPerBlock, dimension: dimension) }

    /// The most numbers that a vector can have: products of codes then fit 32 bits.
    static let largestDimension = 65_536

    /// Bytes of one vector as it is stored.
    var vectorBytes: Int { dimension * settings.precision.byteCount }

    /// Bytes of one block of vectors.
    var blockBytes: Int { CacheLine.pad + rowsPerBlock * vectorBytes }

    /// Where the vectors of some rows of a block lie in it.
    func vectors(_ slots: Range<Int>) -> Range<Int> {
        CacheLine.pad + slots.lowerBound * vectorBytes..<CacheLine.pad + slots.upperBound * vectorBytes
    }

    /// Where all vectors of a block lie in it.
    var allVectors: Range<Int> { vectors(0..<rowsPerBlock) }

    /// How many blocks `rows` rows take.
    func blocks(for rows: Int) -> Int { (rows + rowsPerBlock - 1) / rowsPerBlock }
}
