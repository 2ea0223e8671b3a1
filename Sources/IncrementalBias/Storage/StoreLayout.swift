internal import VectorMath

/// The sizes of the store's values, derived from its settings and the dimension.
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

    /// The layout of a block of codes.
    var codes: CodeLayout { CodeLayout(rows: rowsPerBlock, dimension: dimension) }

    /// The largest dimension: products of codes fit 32 bits up to it.
    static let largestDimension = 65_536

    /// Whether a search for the best of `references` references is faster by codes than by exact products alone.
    ///
    /// It is where there are several times as many references as a heap holds, because codes then exclude most of them.
    func codesPay(among references: Int) -> Bool {
        references >= 4 * settings.capacity
    }

    /// The number of blocks of codes and of columns that `rows` images take.
    func blocks(for rows: Int) -> Int { (rows + rowsPerBlock - 1) / rowsPerBlock }
}
