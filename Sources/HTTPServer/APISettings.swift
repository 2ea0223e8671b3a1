/// The settings that the API uses and reports.
package struct APISettings: Sendable {
    /// The weight of the correction in a search that names none; it can change while the daemon runs.
    package var alpha: Float
    /// The threads that a search uses.
    package var threads: Int
    /// The root of the spool.
    package var spool: String
    /// The folder of the store.
    package var data: String

    /// The settings, each as in the configuration file.
    package init(alpha: Float, threads: Int, spool: String, data: String) {
        self.alpha = alpha
        self.threads = threads
        self.spool = spool
        self.data = data
    }
}
