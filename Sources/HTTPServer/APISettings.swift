package import ShardFormats

/// The settings that the API uses and reports.
package struct APISettings: Sendable {
    /// The weight of the bias in searches that do not set `alpha` themselves; a reload can change it.
    package let alpha: Float
    /// The recall of searches that do not set `recall` themselves; 1 for exact answers; a reload can change it.
    let recall: Double
    /// The number of threads that a search uses.
    let threads: Int
    /// The root of the spool.
    let spool: String
    /// The folder of the store.
    let data: String
    /// How queries of the type V2 are read; a reload can change it.
    let v2Elements: V2Elements
    /// Name of a setting that a client can change -> where a flag, the environment or the configuration file sets it.
    let setBy: [String: String]

    package init(
        alpha: Float, recall: Double = 1, threads: Int, spool: String, data: String, v2Elements: V2Elements = .reject,
        setBy: [String: String] = [:]
    ) {
        self.alpha = alpha
        self.recall = recall
        self.threads = threads
        self.spool = spool
        self.data = data
        self.v2Elements = v2Elements
        self.setBy = setBy
    }
}
