/// The answer of `GET /v1/status`.
package struct Status: Codable, Sendable {
    /// The version of nnnd.
    package var version: String
    /// The number of commits since the store was made.
    package var generation: UInt64
    /// The number of images in the corpus.
    package var images: Int
    /// The number of references in the corpus.
    package var references: Int
    /// The numbers per vector; `nil` until the first shard fixes it.
    package var dimension: Int?
    /// The number of references in a mean.
    package var k: Int
    /// The most references in a heap.
    package var capacity: Int
    /// The weight of the bias in searches that don't set their own.
    package var alpha: Float
    /// `cosine` or `inner-product`.
    package var metric: String
    /// `float32` or `float16`.
    package var precision: String
    /// The instruction set that the kernels use.
    package var kernels: String
    /// The number of threads that compute.
    package var threads: Int
    package var spool: Spool
    package var store: Store
    /// The newest receipts, newest first.
    package var lastReceipts: [ShardReceipt]
    /// The newest rejections since the start, newest first.
    package var lastFailures: [ShardFailure]
    /// Seconds since the start.
    package var uptimeS: Double

    package init(
        version: String, generation: UInt64, images: Int, references: Int, dimension: Int?, k: Int, capacity: Int,
        alpha: Float, metric: String, precision: String, kernels: String, threads: Int, spool: Spool, store: Store,
        lastReceipts: [ShardReceipt], lastFailures: [ShardFailure], uptimeS: Double
    ) {
        self.version = version
        self.generation = generation
        self.images = images
        self.references = references
        self.dimension = dimension
        self.k = k
        self.capacity = capacity
        self.alpha = alpha
        self.metric = metric
        self.precision = precision
        self.kernels = kernels
        self.threads = threads
        self.spool = spool
        self.store = store
        self.lastReceipts = lastReceipts
        self.lastFailures = lastFailures
        self.uptimeS = uptimeS
    }

    /// The folders of the spool, and its backlog.
    package struct Spool: Codable, Sendable {
        /// The folder for new shards of images, which producers rename into it.
        package var images: String
        /// The folder for new shards of references.
        package var references: String
        /// The folder with receipts, and with the shards that took effect unless they are deleted.
        package var done: String
        /// The folder with rejected shards and the reasons.
        package var failed: String
        /// The number of shards that waited at the last scan.
        package var backlog: Int

        package init(images: String, references: String, done: String, failed: String, backlog: Int) {
            self.images = images
            self.references = references
            self.done = done
            self.failed = failed
            self.backlog = backlog
        }
    }

    /// The store's place and size.
    package struct Store: Codable, Sendable {
        /// The folder of the store.
        package var path: String
        /// The bytes of the data file that are in use, free pages included.
        package var bytes: Int
        /// The most bytes that the data file can have.
        package var maximumBytes: Int

        package init(path: String, bytes: Int, maximumBytes: Int) {
            self.path = path
            self.bytes = bytes
            self.maximumBytes = maximumBytes
        }
    }
}
