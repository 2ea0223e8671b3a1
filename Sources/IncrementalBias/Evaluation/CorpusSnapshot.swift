internal import LMDB
internal import VectorMath

/// One snapshot of the corpus, for computations that read all images.
///
/// Such a computation goes over the images in batches, on the threads for bias maintenance. Between two pieces of work
/// it gives way to searches. Commits and searches can run at the same time.
///
/// It is valid in the closure of ``Corpus/withSnapshot(since:isCancelled:_:)``; to use it later is a programmer error.
package struct CorpusSnapshot: Sendable {
    /// The counters of the snapshot.
    package let state: StoreState
    /// The maximum number of references in a heap.
    package let capacity: Int
    /// The rows of the references that arrived after the moment that the snapshot was asked for, in no order; empty
    /// without a moment.
    package let newReferences: [UInt32]
    let layout: StoreLayout
    let settings: StoreSettings
    let images: MappedVectors
    let references: MappedVectors
    let heaps: MappedHeaps
    let pending: MappedPendingEntries
    let pool: WorkerPool
    private let isCancelled: @Sendable () -> Bool

    /// The dimension of the vectors; 0 in an empty corpus.
    package var dimension: Int { layout.dimension }
    /// The number of image rows that were ever used.
    package var end: Int { state.images.end }
    /// The number of threads of a computation.
    package var threads: Int { pool.threads }

    /// The number of blocks in a batch, for each thread.
    private static let blocksPerThread = 4
    /// About the number of floats in the vectors of a block.
    private static let floatsPerBlock = 1 << 17

    /// - Parameters:
    ///   - moment: the moment for ``newReferences``.
    ///   - isCancelled: called between two pieces of work; `true` ends the computation.
    init(
        _ tables: Tables, settings: StoreSettings, pool: WorkerPool, since moment: ReferenceMoment?,
        isCancelled: @escaping @Sendable () -> Bool, in transaction: borrowing ReadTransaction
    ) throws {
        state = try tables.state(in: transaction)
        newReferences = try moment.map { try tables.arrivals.rows(after: $0, in: transaction) } ?? []
        layout = StoreLayout(dimension: state.dimension, settings: settings)
        (capacity, self.settings, self.pool, self.isCancelled) = (settings.capacity, settings, pool, isCancelled)
        let end = state.dimension == 0 ? 0 : state.images.end
        images = try VectorTable(database: tables.images.vectors, layout: layout.vectors)
            .mapped(0..<end, in: transaction)
        references = try VectorTable(database: tables.references.vectors, layout: layout.vectors)
            .mapped(0..<(state.dimension == 0 ? 0 : state.references.end), in: transaction)
        heaps = try HeapTable(database: tables.heaps, layout: layout.heaps).mapped(rows: 0..<end, in: transaction)
        let table = PendingTable(database: tables.pendingEntries, heaps: layout.heaps)
        if let directory = try table.directory(in: transaction) {
            pending = try table.mapped(directory.runs, of: directory, rows: 0..<end, in: transaction)
        } else {
            pending = MappedPendingEntries(absorbed: [], rowsPerBlock: 1)
        }
    }

    /// Throws if the computation is cancelled.
    ///
    /// - Throws: `CancellationError`.
    package func checkCancellation() throws {
        if isCancelled() { throw CancellationError() }
    }

    /// The number of images in a block.
    private var rowsPerBlock: Int { max(16, min(256, Self.floatsPerBlock / max(1, dimension) / 16 * 16)) }

    /// Calls `body` for batches of blocks, which have all images in ascending order.
    ///
    /// - Parameters:
    ///   - columns: what to read beside the vectors.
    ///   - progress: called after each batch with the share of the images that is done.
    /// - Throws: `CancellationError` if the computation is cancelled or the corpus is closed; what `body` throws.
    func forEachBatch(
        _ columns: ImageColumns, progress: (Double) -> Void, _ body: ([ImageBlock]) throws -> Void
    ) throws {
        let size = rowsPerBlock
        let end = end
        let batchSize = size * Self.blocksPerThread * pool.threads
        for start in stride(from: 0, to: end, by: batchSize) {
            try checkCancellation()
            let batchEnd = min(start + batchSize, end)
            let blocks = try pool.run(count: (batchEnd - start + size - 1) / size) {
                (loader: ImageLoader(self, columns), blocks: [ImageBlock]())
            } body: { worker, piece in
                let first = start + piece * size
                worker.blocks.append(worker.loader.load(first..<min(first + size, batchEnd)))
            }.flatMap(\.blocks)
            try body(blocks.sorted { $0.rows.lowerBound < $1.rows.lowerBound })
            progress(Double(batchEnd) / Double(end))
        }
    }

    /// Computes columns of all rows; +infinity in rows without an image.
    ///
    /// - Parameter progress: called from time to time with the share of the work that is done.
    /// - Throws: `CancellationError`.
    package func values(of columns: ImageColumns, progress: (Double) -> Void) throws -> [[Float]] {
        var values = [[Float]](repeating: [], count: columns.count)
        try forEachBatch(columns, progress: progress) { blocks in
            for block in blocks {
                for column in values.indices { values[column] += block.columns[block.column(column)] }
            }
        }
        return values
    }

    /// The rows of all images, ascending.
    package var imageRows: [Int] {
        let scratch = FloatScratch()
        return (0..<end).filter { row in images.withVector(row, scratch: scratch) { !$0[0].isNaN } }
    }

    /// Gives all images to each of `consumers`, each of which has some of the queries.
    ///
    /// - Throws: `CancellationError`.
    func pass(
        over columns: ImageColumns, _ consumers: [some ImageConsumer], progress: (Double) -> Void
    ) throws {
        guard !consumers.isEmpty else { return }
        let pool = pool
        try forEachBatch(columns, progress: progress) { blocks in
            _ = try pool.run(count: consumers.count) {
            } body: { _, piece in
                for block in blocks {
                    try checkCancellation()
                    try pool.checkpoint()
                    consumers[piece].add(block)
                }
            }
        }
    }
}

/// Compares the images of a pass with some queries.
protocol ImageConsumer: AnyObject, Sendable {
    /// Compares the images of one block; called with blocks in ascending order, by one thread at a time.
    func add(_ block: ImageBlock)
}
