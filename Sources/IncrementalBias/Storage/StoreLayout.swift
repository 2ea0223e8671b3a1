internal import VectorMath

/// The layouts of the store's values, computed from its settings and the dimension of its vectors.
struct StoreLayout: Sendable {
    let dimension: Int
    let settings: StoreSettings
    let vectors: VectorLayout
    let heaps: HeapLayout
    /// The number of images in a block of codes, means or thresholds: the largest power of two, at most 4,096,
    /// for which rows x dimension is at most 65,536; at least 64.
    let rowsPerBlock: Int

    init(dimension: Int, settings: StoreSettings) {
        self.dimension = dimension
        self.settings = settings
        vectors = VectorLayout(dimension: dimension, precision: settings.precision)
        heaps = HeapLayout(capacity: settings.capacity)
        var rows = 4096
        while rows > CodeLayout.rowsPerGroup, rows * dimension > 1 << 16 { rows /= 2 }
        rowsPerBlock = rows
    }

    /// The layout of a block of codes.
    var codes: CodeLayout { CodeLayout(rows: rowsPerBlock, dimension: dimension) }

    /// The maximum dimension.
    ///
    /// Up to it, products of codes fit in 32 bits.
    static let maximumDimension = 65_536

    /// Whether a search for the best of `references` references is faster by codes than by exact products of all.
    ///
    /// It is faster if there are several times as many references as a heap holds: codes then exclude most of them.
    func searchByCodesIsFaster(among references: Int) -> Bool {
        references >= 4 * settings.capacity
    }

    /// The number of blocks of codes, means or thresholds that `rows` rows take.
    func blocks(for rows: Int) -> Int { (rows + rowsPerBlock - 1) / rowsPerBlock }
}
