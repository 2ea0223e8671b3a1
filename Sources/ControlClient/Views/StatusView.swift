package import FoundationEssentials
package import WireAPI

/// Formats the daemon's status for people: `nnnctl status`.
package struct StatusView {
    private let status: Status
    private let style: TextStyle
    private let now: Date

    /// - Parameters:
    ///   - status: the status.
    ///   - style: the style of the text.
    ///   - now: the current time, for texts such as "5.0 s ago".
    package init(status: Status, style: TextStyle, now: Date = Date()) {
        self.status = status
        self.style = style
        self.now = now
    }

    /// The lines of the text.
    package var lines: [String] {
        let title = "nnnd \(status.version), up \(NumberFormat.duration(status.uptimeS))"
        return [style.bold(title)] + properties.lines(style: style, indent: 2) + receipts + failures + unused
    }

    /// The first lines of the text; an entry without a name continues the one before it.
    private var properties: PropertyList {
        let vectors = status.dimension.map { "\(NumberFormat.count($0)) numbers" } ?? "no dimension yet"
        let backlog = NumberFormat.count(status.spool.backlog, "file", "files")
        let corpus = [
            ("generation", NumberFormat.count(Int(clamping: status.generation))),
            ("images", NumberFormat.count(status.images)),
            ("references", NumberFormat.count(status.references) + sampled),
            ("vectors", "\(vectors), \(status.precision), \(status.metric)"),
            ("correction", "alpha \(status.alpha), k \(status.k) of at most \(status.capacity)"),
            ("computing", "\(NumberFormat.count(status.threads, "thread", "threads")), \(status.kernels)"),
        ]
        let files = [
            ("store", "\(NumberFormat.bytes(status.store.bytes)) of \(NumberFormat.bytes(status.store.maximumBytes))"),
            ("", status.store.path.printable),
            ("waiting", backlog),
            ("spool", status.spool.images.printable),
            ("", status.spool.references.printable),
            ("done", status.spool.done.printable),
            ("failed", status.spool.failed.printable),
        ]
        return PropertyList(corpus + recall + match + files)
    }

    /// How exact searches are; nothing if all are exact and none was approximate.
    private var recall: [(String, String)] {
        guard let recall = status.recall,
            recall.setting < 1 || !recall.calibrations.isEmpty || recall.cells != nil
        else { return [] }
        let setting =
            recall.setting < 1 ? "\(recall.setting) unless a search asks for another" : "exact unless asked for"
        let measured = recall.measured.map { measured in
            let interval = [measured.recall, measured.low, measured.high].map { NumberFormat.fixed($0, decimals: 4) }
            return "for \(measured.target): \(interval[0]) (\(interval[1]) to \(interval[2])), "
                + NumberFormat.count(measured.queries, "query", "queries")
        }
        let raised = recall.raised.map { raised in
            "for \(raised.target) with alpha \(raised.alpha): misses of references count "
                + "\(NumberFormat.fixed(raised.factor, decimals: 1)) times, because the measured recall was too low"
        }
        let cells = recall.cells.map { cells in
            let state = cells.ready ? "" : ", which are being built"
            return "\(NumberFormat.count(cells.count, "cell", "cells"))\(state); "
                + "\(NumberFormat.count(cells.unassigned, "image", "images")) in none yet"
        }
        let entries = [setting] + measured + raised + (cells.map { [$0] } ?? [])
        return entries.enumerated().map { ($0 == 0 ? "recall" : "", $1) }
    }

    /// How well the references match the queries; nothing before the first measurement.
    private var match: [(String, String)] {
        guard let match = status.referenceMatch else { return [] }
        return [("queries", ReferenceMatchText(match).distance), ("", ReferenceMatchText(match).change)]
    }

    private var sampled: String {
        guard let count = status.sampledReferences, count > 0 else { return "" }
        return ", \(NumberFormat.count(count)) of them sampled from queries"
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
            // Receipts of 0.1.0, and some after a crash, do not say how long the commit took.
            let committed = receipt.commitMs.map { receipt.commitStarted.addingTimeInterval($0 / 1000) }
            let took = committed.map { NumberFormat.duration($0.timeIntervalSince(receipt.received)) }
            table.append([
                receipt.name.printable, receipt.kind.printable, receipt.action.printable,
                NumberFormat.count(receipt.rows),
                counts.replaced, counts.deleted, counts.missing, NumberFormat.count(Int(clamping: receipt.generation)),
                took ?? "-", ago(committed ?? receipt.commitStarted),
            ])
        }
        return ["", style.bold("Last receipts")] + table.lines(style: style, indent: 2)
    }

    /// The numbers of replaced and deleted rows, and of ids that a deletion list has and the corpus lacks; a dash for
    /// numbers that the action does not have.
    private func counts(_ receipt: ShardReceipt) -> (replaced: String, deleted: String, missing: String) {
        guard receipt.action == "delete" else { return (NumberFormat.count(receipt.replaced), "-", "-") }
        return ("-", NumberFormat.count(receipt.deleted), NumberFormat.count(receipt.missing))
    }

    private var failures: [String] {
        guard !status.lastFailures.isEmpty else { return ["", style.bold("No failures since the start")] }
        let entries = status.lastFailures.flatMap { failure in
            [
                "  \(style.red(failure.name.printable)) (\(failure.kind.printable), \(ago(failure.rejected))): "
                    + failure.code.printable,
                "    \(failure.message.printable)",
                "    \(failure.advice.printable)",
            ]
        }
        return ["", style.bold("Last failures")] + entries
    }

    private var unused: [String] {
        guard status.spool.unusedFiles > 0 else { return [] }
        let entries = status.spool.unused.map { file in
            "  \(style.red(file.name.printable)) (\(file.kind.printable), \(ago(file.since))): \(file.reason.rawValue)"
        }
        let left = status.spool.unusedFiles - status.spool.unused.count
        return ["", style.bold("Files that no shard uses")] + entries + (left > 0 ? ["  and \(left) more"] : [])
    }

    private func ago(_ date: Date) -> String {
        let seconds = now.timeIntervalSince(date)
        return seconds < 1 ? "just now" : "\(NumberFormat.duration(seconds)) ago"
    }
}
