internal import VectorMath

/// The sizes of the store's values, which follow from the settings and the dimension.
struct StoreLayout: Sendable {
    let dimension: Int
    let settings: StoreSettings
    let vectors: VectorLayout
    let heaps: HeapLayout
    /// Images per block of codes and of columns: the largest power of two whose codes fill at most 64 KiB, from 1 to
    /// 4,096.
    let rowsPerBlock: Int

    init(dimension: Int, settings: StoreSettings) {
        self.dimension = dimension
        self.settings = settings
        vectors = VectorLayout(dimension: dimension, precision: settings.precision)
        heaps = HeapLayout(capacity: settings.capacity)
        var rows = 4096
        while rows > 1, rows * dimension > 1 << 16 { rows /= 2 }
        rowsPerBlock = rows
    }

    /// How a block of images lies in its coded form.
    var codes: CodeLayout { CodeLayout(rows: rowsPerBlock, dimension: dimension) }

    /// The most numbers that a vector can have: products of codes then fit 32 bits.
    static let largestDimension = 65_536

    /// Whether codes exclude enough for exact products of what is left to be fewer: where there are several times as many
    /// references as a heap holds, few of them enter it.
    func codesPay(among references: Int) -> Bool {
        references >= 4 * settings.capacity
    }

    /// How many blocks of codes and of columns `rows` images take.
    func blocks(for rows: Int) -> Int { (rows + rowsPerBlock - 1) / rowsPerBlock }
}
