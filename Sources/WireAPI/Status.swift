/// The answer of `GET /v1/status`.
package struct Status: Codable, Sendable {
    package var version: String
    /// The number of commits so far.
    package var generation: UInt64
    /// How many images the corpus has.
    package var images: Int
    /// How many references the corpus has.
    package var references: Int
    /// Numbers per vector; null until the first shard fixes it.
    package var dimension: Int?
    package var k: Int
    package var capacity: Int
    package var alpha: Float
    /// `cosine` or `inner-product`.
    package var metric: String
    /// `float32` or `float16`.
    package var precision: String
    /// The instruction set that the kernels use.
    package var kernels: String
    package var threads: Int
    package var spool: Spool
    package var store: Store
    /// The newest receipts, newest first.
    package var lastReceipts: [ShardReceipt]
    /// The newest refusals since the start, newest first.
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

    /// Where shards come in and go.
    package struct Spool: Codable, Sendable {
        /// Drop shards of images here, by rename.
        package var images: String
        /// Drop shards of references here, by rename.
        package var references: String
        /// Where shards and their receipts are found after they took effect; receipts only where shards are deleted.
        package var done: String?
        /// Where refused shards and the reasons are found.
        package var failed: String
        /// Shards seen waiting, as of the last look.
        package var backlog: Int

        package init(images: String, references: String, done: String?, failed: String, backlog: Int) {
            self.images = images
            self.references = references
            self.done = done
            self.failed = failed
            self.backlog = backlog
        }
    }

    /// What the store takes.
    package struct Store: Codable, Sendable {
        package var path: String
        /// Bytes of the data file in use, pages free for reuse included.
        package var bytes: Int
        /// The most that the data file can grow to.
        package var maximumBytes: Int

        package init(path: String, bytes: Int, maximumBytes: Int) {
            self.path = path
            self.bytes = bytes
            self.maximumBytes = maximumBytes
        }
    }
}
