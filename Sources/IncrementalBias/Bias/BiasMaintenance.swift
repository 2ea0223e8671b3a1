internal import LMDB
internal import ShardFormats

/// Keeps the heap, the mean and the threshold of each image up to date.
///
/// A heap is the sorted list of an image's best references (``ReferenceHeap``). The mean averages its `k` largest
/// similarities. The threshold is the similarity that a new reference must exceed to enter the heap.
/// `docs/bias-maintenance.md` describes the method.
struct BiasMaintenance {
    let layout: StoreLayout
    let tables: Tables
    /// The number of similarities that a mean averages.
    let k: Int
    /// The threads that compute.
    let pool: WorkerPool
    let priority: SearchPriority
    /// How many entries of heaps can be pending.
    var limits = PendingLimits.standard

    /// The number of images that are processed before results are written.
    ///
    /// It bounds the memory that results take.
    static let imagesPerBatch = 8192

    var heaps: HeapTable { HeapTable(database: tables.heaps, layout: layout.heaps) }
    var means: ColumnTable { ColumnTable(database: tables.means, layout: layout) }
    var thresholds: ColumnTable { ColumnTable(database: tables.thresholds, layout: layout) }
    var codes: CodeTable { CodeTable(tables: tables, layout: layout) }
    func vectors(_ role: VectorRole) -> VectorTable {
        VectorTable(database: tables[role].vectors, layout: layout.vectors)
    }
}
