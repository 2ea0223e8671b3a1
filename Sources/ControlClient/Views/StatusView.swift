package import FoundationEssentials
package import WireAPI

/// A status document for people.
package struct StatusView {
    package let status: Status
    package let style: Style

    /// Makes the value from its parts.
    package init(status: Status, style: Style) {
        self.status = status
        self.style = style
    }
    /// What "ago" counts from.
    package var now = Date()

    package var lines: [String] {
        let title = "nnnd \(status.version), up \(Figures.duration(status.uptimeS))"
        return [style.bold(title)] + facts.lines(style: style, indent: 2) + receipts + failures
    }

    private var facts: Facts {
        let vectors = status.dimension.map { "\(Figures.count($0)) numbers" } ?? "no dimension yet"
        let backlog = Figures.count(status.spool.backlog, "file", "files")
        return Facts([
            ("generation", Figures.count(Int(clamping: status.generation))),
            ("images", Figures.count(status.images)),
            ("references", Figures.count(status.references)),
            ("vectors", "\(vectors), \(status.precision), \(status.metric)"),
            ("correction", "alpha \(status.alpha), k \(status.k) of at most \(status.capacity)"),
            ("computing", "\(Figures.count(status.threads, "thread", "threads")), \(status.kernels)"),
            ("store", "\(Figures.bytes(status.store.bytes)) of \(Figures.bytes(status.store.maximumBytes))"),
            ("", status.store.path.printable),
            ("waiting", backlog),
            ("spool", status.spool.images.printable),
            ("", status.spool.references.printable),
            ("done", status.spool.done?.printable ?? "deleted after the commit"),
            ("failed", status.spool.failed.printable),
        ])
    }

    private var receipts: [String] {
        guard !status.lastReceipts.isEmpty else { return ["", style.bold("No receipts yet")] }
        var table = Table([
            .leading("file"), .leading("kind"), .leading("action"), .trailing("rows"), .trailing("replaced"),
            .trailing("deleted"), .trailing("missing"), .trailing("generation"), .trailing("took"),
            .trailing("committed"),
        ])
        for receipt in status.lastReceipts {
            let counts = counts(receipt)
            let durable = receipt.commitMs.map { receipt.commitStarted.addingTimeInterval($0 / 1000) }
            let took = durable.map { Figures.duration($0.timeIntervalSince(receipt.received)) }
            table.append([
                receipt.name.printable, receipt.kind.printable, receipt.action.printable, Figures.count(receipt.rows),
                counts.replaced, counts.deleted, counts.missing, Figures.count(Int(clamping: receipt.generation)),
                took ?? "-", ago(durable ?? receipt.commitStarted),
            ])
        }
        return ["", style.bold("Last receipts")] + table.lines(style: style, indent: 2)
    }

    /// What became of the rows of a shard, or of those that a list names; a dash for what it can't do.
    private func counts(_ receipt: ShardReceipt) -> (replaced: String, deleted: String, missing: String) {
        guard receipt.action == "delete" else { return (Figures.count(receipt.replaced), "-", "-") }
        return ("-", Figures.count(receipt.deleted), Figures.count(receipt.missing))
    }

    private var failures: [String] {
        guard !status.lastFailures.isEmpty else { return ["", style.bold("No failures since the start")] }
        let entries = status.lastFailures.flatMap { failure in
            [
                "  \(style.red(failure.name.printable)) (\(failure.kind.printable), \(ago(failure.refused))): "
                    + failure.code.printable,
                "    \(failure.message.printable)",
                "    \(failure.advice.printable)",
            ]
        }
        return ["", style.bold("Last failures")] + entries
    }

    private func ago(_ date: Date) -> String {
        let seconds = now.timeIntervalSince(date)
        return seconds < 1 ? "just now" : "\(Figures.duration(seconds)) ago"
    }
}
