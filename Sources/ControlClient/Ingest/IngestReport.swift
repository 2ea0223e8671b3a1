internal import WireAPI

/// Turns the steps of an ``Ingestion`` into messages for the user of `nnnctl ingest` and `nnnctl delete`.
package struct IngestReport {
    private let total: Int
    /// The number of shards that need no more waiting.
    private var finished = 0
    /// The number of rows that were added or deleted.
    private var rows = 0

    /// A report on `total` shards.
    package init(total: Int) {
        self.total = total
    }

    /// The message about a step.
    package mutating func message(for event: IngestEvent) -> ConsoleMessage {
        switch event {
        case .copying(let name): return progress("copying \(name)")
        case .waiting(let name): return progress("waiting for \(name)")
        case .submitted(let name):
            finished += 1
            return .output("\(name.printable): dropped")
        case .finished(.committed(let receipt)):
            finished += 1
            return .output(line(receipt))
        case .finished(.rejected(let failure)):
            finished += 1
            return .error(
                "\(failure.name) was rejected (\(failure.code)): \(failure.message) \(failure.advice)")
        }
    }

    /// The line about a shard or deletion list that took effect.
    private mutating func line(_ receipt: ShardReceipt) -> String {
        if receipt.action == "delete" {
            rows += receipt.deleted
            return "\(NumberFormat.count(receipt.deleted, "row", "rows")) deleted, "
                + "\(NumberFormat.count(receipt.missing)) not there, visible from generation \(receipt.generation) on"
        }
        rows += receipt.rows
        let change = receipt.unchanged ? "unchanged, " : ""
        let replaced = receipt.replaced > 0 ? ", \(NumberFormat.count(receipt.replaced)) of them replaced" : ""
        return "\(receipt.name.printable): \(change)\(NumberFormat.count(receipt.rows, "row", "rows"))\(replaced), "
            + "visible from generation \(receipt.generation) on"
    }

    private func progress(_ activity: String) -> ConsoleMessage {
        .progress(
            done: finished, total: total,
            text: "\(NumberFormat.count(finished))/\(NumberFormat.count(total, "shard", "shards")), "
                + "\(NumberFormat.count(rows, "row", "rows")), \(activity.printable)")
    }
}
