internal import LMDB
internal import ShardFormats

/// Keeps the heaps of all images up to date, and with them means and thresholds.
struct BiasMaintenance {
    let layout: StoreLayout
    let tables: Tables
    /// How many of a heap's similarities its mean takes.
    let k: Int
    let pool: WorkerPool
    let priority: SearchPriority

    /// Images processed between two writes, which bounds the memory for results.
    static let imagesPerBatch = 8192

    var heaps: HeapTable { HeapTable(database: tables.heaps, layout: layout.heaps) }
    var means: ColumnTable { ColumnTable(database: tables.means, layout: layout) }
    var thresholds: ColumnTable { ColumnTable(database: tables.thresholds, layout: layout) }
    var codes: CodeTable { CodeTable(database: tables.codes, layout: layout) }
    func vectors(_ role: VectorRole) -> VectorTable {
        VectorTable(database: tables[role].vectors, layout: layout.vectors)
    }
}
