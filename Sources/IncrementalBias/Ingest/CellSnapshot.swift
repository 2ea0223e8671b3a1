internal import LMDB
internal import VectorMath

/// What steps that change cells read of the store: the state before their commit.
struct CellSnapshot {
    let state: StoreState
    let layout: StoreLayout
    let tables: Tables
    let pool: WorkerPool
    let limits: CellLimits
    /// The version of the basis of all codes.
    let codeVersion: UInt32
    let means: MappedValues
    let pairs: MappedValues
    let signs: SignBlocks

    /// - Returns: `nil` if blocks of codes have several bases; cells are changed when all have the same.
    init?(
        _ state: StoreState, layout: StoreLayout, tables: Tables, pool: WorkerPool, limits: CellLimits,
        in transaction: borrowing ReadTransaction
    ) throws {
        let codes = CodeTable(tables: tables, layout: layout)
        let bases = try codes.bases(in: transaction)
        guard bases.versions.count == 1, let newest = bases.newest else { return nil }
        let blocks = 0..<layout.blocks(for: state.images.end)
        means = try ColumnTable(database: tables.means, layout: layout).mapped(blocks: blocks, in: transaction)
        pairs = try tables.cells.mappedPairs(layout, end: state.images.end, in: transaction)
        signs = SignBlocks(blocks: try codes.mappedSigns(blocks: blocks, in: transaction), layout: layout)
        guard means.isComplete, signs.blocks.isComplete else {
            throw StoreError.damaged("a block of images is missing")
        }
        (self.state, self.layout, self.tables, self.pool, self.limits) = (state, layout, tables, pool, limits)
        codeVersion = newest.version
    }

    var lists: CellListTable { CellListTable(tables: tables, layout: layout) }

    func pair(of row: UInt32) -> CellPair {
        CellPair(
            stored: pairs.integer(at: Int(row), perValue: layout.rowsPerBlock, missing: CellPair.none.stored))
    }

    /// The means of some rows; +infinity for rows without an image.
    func means(of rows: [UInt32]) -> [Float] {
        var found = [Float](repeating: 0, count: rows.count)
        var span = found.mutableSpan
        means.gather(rows.span, perValue: layout.rowsPerBlock, missing: .infinity, into: &span)
        return found
    }

    /// Those of some rows that have images.
    func images(among rows: [UInt32]) -> [UInt32] {
        zip(rows, means(of: rows)).filter { $1.isFinite }.map(\.0)
    }

    /// The vectors of some images, rows.count x dimension.
    func vectors(of rows: [UInt32], in transaction: borrowing ReadTransaction) throws -> [Float] {
        let values = try VectorTable(database: tables.images.vectors, layout: layout.vectors)
            .read(rows: rows, in: transaction)
        guard values.count == rows.count * layout.dimension else {
            throw StoreError.damaged("vectors of images are missing")
        }
        return values
    }

    /// The mean of the means of some images; 0 if there are none.
    func meanOfMeans(_ rows: [UInt32]) -> Float {
        let means = means(of: rows).filter(\.isFinite)
        return means.isEmpty ? 0 : Float(means.reduce(0.0) { $0 + Double($1) } / Double(means.count))
    }
}
