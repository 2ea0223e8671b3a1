/// The answer of `GET /v1/status`.
package struct Status: Codable, Sendable {
    /// The version of nnnd.
    package var version: String
    /// The generation of the corpus, a counter that each commit that changes the corpus raises by one.
    package var generation: UInt64
    /// The number of images in the corpus.
    package var images: Int
    /// The number of references in the corpus.
    package var references: Int
    /// How many of the references were sampled from queries; `nil` from a daemon that can't sample.
    package var sampledReferences: Int?
    /// The dimension of vectors; `nil` until the first shard fixes it.
    package var dimension: Int?
    /// The number of references in a mean.
    package var k: Int
    /// The maximum number of references in a heap.
    package var capacity: Int
    /// The weight of the bias in searches that don't set `alpha` themselves.
    package var alpha: Float
    /// `cosine` or `inner-product`.
    package var metric: String
    /// `float32` or `float16`.
    package var precision: String
    /// The instruction set that the kernels use.
    package var kernels: String
    /// The number of threads for searches; bias maintenance has as many.
    package var threads: Int
    /// The recall of approximate searches; `nil` from a daemon that has none.
    package var recall: RecallStatus?
    /// How well the references match the queries; `nil` before the first measurement.
    package var referenceMatch: ReferenceMatchStatus?
    package var spool: Spool
    package var store: Store
    /// The newest receipts, newest first.
    package var lastReceipts: [ShardReceipt]
    /// The newest rejections since the daemon started, newest first.
    package var lastFailures: [ShardFailure]
    /// Seconds since the daemon started.
    package var uptimeS: Double

    package init(
        version: String, generation: UInt64, images: Int, references: Int, sampledReferences: Int? = nil,
        dimension: Int?, k: Int, capacity: Int, alpha: Float, metric: String, precision: String, kernels: String,
        threads: Int, recall: RecallStatus? = nil, referenceMatch: ReferenceMatchStatus? = nil, spool: Spool,
        store: Store, lastReceipts: [ShardReceipt], lastFailures: [ShardFailure], uptimeS: Double
    ) {
        self.version = version
        self.generation = generation
        self.images = images
        self.references = references
        self.sampledReferences = sampledReferences
        self.dimension = dimension
        self.k = k
        self.capacity = capacity
        self.alpha = alpha
        self.metric = metric
        self.precision = precision
        self.kernels = kernels
        self.threads = threads
        self.recall = recall
        self.referenceMatch = referenceMatch
        self.spool = spool
        self.store = store
        self.lastReceipts = lastReceipts
        self.lastFailures = lastFailures
        self.uptimeS = uptimeS
    }

    /// The folders of the spool, and its backlog.
    package struct Spool: Codable, Sendable {
        /// The folder into which producers rename new shards of images.
        package var images: String
        /// The folder into which producers rename new shards of references.
        package var references: String
        /// The folder with receipts, and with the shards that took effect unless the setting is to delete them.
        package var done: String
        /// The folder with rejected shards and their error documents.
        package var failed: String
        /// The number of shards and deletion lists in the spool when it was last listed, without those that have
        /// left it since.
        package var backlog: Int
        /// The number of files in the incoming folders that no shard uses.
        package var unusedFiles: Int
        /// The first of these files by folder and name, at most 16.
        package var unused: [UnusedFile]

        package init(
            images: String, references: String, done: String, failed: String, backlog: Int,
            unusedFiles: Int, unused: [UnusedFile]
        ) {
            self.images = images
            self.references = references
            self.done = done
            self.failed = failed
            self.backlog = backlog
            self.unusedFiles = unusedFiles
            self.unused = unused
        }

        /// Decodes the document; one of version 0.1.0 has no unused files.
        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            images = try container.decode(String.self, forKey: .images)
            references = try container.decode(String.self, forKey: .references)
            done = try container.decode(String.self, forKey: .done)
            failed = try container.decode(String.self, forKey: .failed)
            backlog = try container.decode(Int.self, forKey: .backlog)
            unusedFiles = try container.decodeIfPresent(Int.self, forKey: .unusedFiles) ?? 0
            unused = try container.decodeIfPresent([UnusedFile].self, forKey: .unused) ?? []
        }
    }

    /// The folder and size of the store.
    package struct Store: Codable, Sendable {
        /// The folder of the store.
        package var path: String
        /// The number of bytes of the data file up to its last page, including free pages.
        package var bytes: Int
        /// The maximum size of the data file in bytes.
        package var maximumBytes: Int

        package init(path: String, bytes: Int, maximumBytes: Int) {
            self.path = path
            self.bytes = bytes
            self.maximumBytes = maximumBytes
        }
    }
}
