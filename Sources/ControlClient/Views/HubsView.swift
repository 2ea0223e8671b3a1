internal import FoundationEssentials
package import WireAPI

/// Formats the images that appear most, and those with suspicious biases, for people: `nnnctl hubs`.
package struct HubsView {
    private let report: HubsReport
    /// Id -> text to show beside it.
    private let texts: [String: String]
    private let style: TextStyle

    package init(report: HubsReport, texts: [String: String], style: TextStyle) {
        self.report = report
        self.texts = texts
        self.style = style
    }

    /// The lines of the text.
    package var lines: [String] {
        section("Images with the largest biases", report.byMean) + [""]
            + section("Images in most top 10s without NNN", report.byAppearances) + [""] + suspicious + [""]
            + changes + [style.dim(basis)]
    }

    private var suspicious: [String] {
        guard report.suspiciousCount > 0 else {
            return [style.bold("No suspicious images: no mean has a robust z-score above 3.5")]
        }
        let more = report.suspiciousCount - report.suspicious.count
        let note = more > 0 ? [style.dim("  and \(NumberFormat.count(more)) more")] : []
        return section("Suspicious images: a robust z-score above 3.5", report.suspicious) + note
    }

    /// The images whose biases have changed most; nothing if no moment was asked for.
    private var changes: [String] {
        guard let changes = report.changes else { return [] }
        let moment =
            changes.generation.map { "generation \(NumberFormat.count(Int(clamping: $0)))" }
            ?? changes.time.map { $0.formatted(.iso8601) } ?? ""
        let title = style.bold("Biases that changed most since \(moment)")
        let count = style.dim("  because of \(NumberFormat.count(changes.newReferences, "reference", "references"))")
        guard !changes.images.isEmpty else { return [title, count, "  none", ""] }
        var table = Table([
            .trailing("#"), .leading("id"), .trailing("change"), .trailing("mean"), .trailing("before"),
            .trailing("new of k"), .leading("text"),
        ])
        for (index, image) in changes.images.enumerated() {
            table.append([
                "\(index + 1)", image.id.printable, NumberFormat.score(image.biasChange),
                NumberFormat.score(image.mean), NumberFormat.score(image.meanBefore),
                NumberFormat.count(image.newReferences), texts[image.id]?.onOneLine ?? "",
            ])
        }
        let rows = table.lines(style: style, indent: 2)
        let body = zip(rows.dropFirst(), changes.images).flatMap { [$0] + list($1.references, title: "new references") }
        return [title, count, rows[0]] + body + [""]
    }

    /// What the numbers come from.
    private var basis: String {
        let source =
            report.source == "references"
            ? NumberFormat.count(report.queries, "reference taken as query", "references taken as queries")
            : NumberFormat.count(report.queries, "query", "queries")
        return "N_10 counts the top 10s of \(source); k \(report.k), alpha \(NumberFormat.short(report.alpha)); "
            + "generation \(NumberFormat.count(Int(clamping: report.generation)))"
    }

    private func section(_ title: String, _ images: [HubsReport.Image]) -> [String] {
        guard !images.isEmpty else { return [style.bold(title), "  none"] }
        var table = Table([
            .trailing("#"), .leading("id"), .trailing("bias"), .trailing("z"), .trailing("N_10 without"),
            .trailing("with NNN"), .leading("text"),
        ])
        for (index, image) in images.enumerated() {
            table.append([
                "\(index + 1)", image.id.printable, NumberFormat.score(image.bias),
                NumberFormat.fixed(image.z, decimals: 1), NumberFormat.count(image.appearancesBefore),
                NumberFormat.count(image.appearances), texts[image.id]?.onOneLine ?? "",
            ])
        }
        let rows = table.lines(style: style, indent: 2)
        let body = zip(rows.dropFirst(), images).flatMap { [$0] + list($1.references, title: "references") }
        return [style.bold(title), rows[0]] + body
    }

    /// The line with the references that are most similar to an image.
    private func list(_ references: [HubsReport.Reference], title: String) -> [String] {
        guard !references.isEmpty else { return [] }
        let list = references.map { reference in
            let text = texts[reference.id].map { " \($0.onOneLine)" } ?? ""
            return "\(NumberFormat.fixed(Double(reference.similarity), decimals: 3)) \(reference.id.printable)\(text)"
        }
        return [style.dim("       \(title): " + list.joined(separator: ", "))]
    }
}
