internal import WireAPI

/// Tells the operator what became of each shard, and keeps count.
package struct IngestReport {
    private let total: Int
    private let progress = ProgressLine()
    private var finished = 0
    private var rows = 0
    /// The shards that the daemon refused so far.
    package private(set) var refused = 0

    package init(total: Int) {
        self.total = total
    }

    /// Shows how far it is.
    package func show(_ activity: String) {
        progress.show(
            done: finished, of: total,
            text: "\(Figures.count(finished))/\(Figures.count(total, "shard", "shards")), "
                + "\(Figures.count(rows, "row", "rows")), \(activity.printable)")
    }

    /// Takes the progress line away.
    package func end() {
        progress.clear()
    }

    /// A shard is in the spool, and nobody waits for it.
    package mutating func dropped(_ name: String) throws {
        finished += 1
        try say("\(name.printable): dropped")
    }

    /// A shard took effect or was refused.
    package mutating func settled(_ outcome: ShardOutcome) throws {
        finished += 1
        switch outcome {
        case .committed(let receipt) where receipt.action == "delete":
            rows += receipt.deleted
            try say(
                "\(Figures.count(receipt.deleted, "row", "rows")) deleted, \(Figures.count(receipt.missing)) not there, "
                    + "since generation \(receipt.generation)")
        case .committed(let receipt):
            rows += receipt.rows
            let change = receipt.unchanged ? "unchanged, " : ""
            let replaced = receipt.replaced > 0 ? ", \(Figures.count(receipt.replaced)) of them replaced" : ""
            try say(
                "\(receipt.name.printable): \(change)\(Figures.count(receipt.rows, "row", "rows")) "
                    + "since generation \(receipt.generation)\(replaced)")
        case .refused(let failure):
            refused += 1
            progress.clear()
            StandardError.line(
                "nnnctl: \(failure.name) was refused (\(failure.code)): \(failure.message) \(failure.advice)".onOneLine)
        }
    }

    private func say(_ line: String) throws {
        progress.clear()
        try StandardOutput.write(lines: [line])
    }
}
