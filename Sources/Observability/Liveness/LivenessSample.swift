/// The progress that one loop of the daemon had made at one moment.
package struct LivenessSample: Sendable {
    /// The name of the loop in log lines: `ingest` or `search`.
    package let loop: String
    /// A counter that grows each time the loop makes progress.
    package let count: UInt64
    /// Whether the loop had nothing to do, so that it need not make progress.
    package let isIdle: Bool

    package init(_ loop: String, count: UInt64, isIdle: Bool) {
        self.loop = loop
        self.count = count
        self.isIdle = isIdle
    }
}
