internal import LMDB
internal import ShardFormats

/// What every computation of heaps needs: where they are kept, how many entries count, who does the work.
struct BiasMaintenance {
    let layout: StoreLayout
    let tables: Tables
    /// How many of a heap's similarities its mean takes.
    let k: Int
    let pool: WorkerPool
    let gate: SearchGate

    /// Images worked on between two writes: the memory for results is bounded by this, not by the corpus.
    static let imagesPerBatch = 8192

    var heaps: HeapTable { HeapTable(database: tables.heaps, layout: layout.heaps) }
    var means: ColumnTable { ColumnTable(database: tables.means, layout: layout) }
    var thresholds: ColumnTable { ColumnTable(database: tables.thresholds, layout: layout) }
    var codes: CodeTable { CodeTable(database: tables.codes, layout: layout) }
    func vectors(_ kind: VectorRole) -> VectorTable {
        VectorTable(database: tables[kind].vectors, layout: layout.vectors)
    }
}

/// Heaps that were computed and wait to be stored, with what follows from them.
struct HeapChanges {
    /// The images, rising.
    var rows: [UInt32] = []
    /// Their heaps, as ``Heap/append(to:)`` writes them.
    var words: [UInt32] = []
    var means: [Float] = []
    var thresholds: [Float] = []

    /// Adds the heap of `row`.
    mutating func append(_ heap: borrowing ReferenceHeap, row: UInt32, k: Int, references: Int) {
        rows.append(row)
        heap.append(to: &words)
        means.append(heap.mean(k: k))
        thresholds.append(heap.threshold(references: references))
    }
}
