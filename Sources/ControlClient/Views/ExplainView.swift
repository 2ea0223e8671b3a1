package import WireAPI

/// Formats the report on an image for people: `nnnctl explain`.
package struct ExplainView {
    /// The length of the longest bar in characters.
    private static let barLength = 24

    private let report: ImageReport
    /// The maximum number of references to list.
    private let top: Int
    private let style: TextStyle

    package init(report: ImageReport, top: Int, style: TextStyle) {
        self.report = report
        self.top = top
        self.style = style
    }

    /// The lines of the text.
    package var lines: [String] {
        let properties = PropertyList([
            ("image", report.id.printable),
            (
                "bias",
                "\(NumberFormat.score(report.bias)) = alpha \(report.alpha) x mean \(NumberFormat.score(report.mean))"
            ),
            ("mean", "of the \(NumberFormat.count(report.used, "largest similarity", "largest similarities"))"),
            ("heap", NumberFormat.count(report.references.count, "reference", "references")),
            ("generation", NumberFormat.count(Int(clamping: report.generation))),
        ])
        return properties.lines(style: style, indent: 0) + references
    }

    private var references: [String] {
        let shown = report.references.prefix(top)
        guard !shown.isEmpty else { return [] }
        var table = Table([.trailing("#"), .trailing("similarity"), .leading(""), .leading("reference")])
        for (index, entry) in shown.enumerated() {
            table.append([
                "\(index + 1)", NumberFormat.score(entry.similarity), bar(entry.similarity), entry.id.printable,
            ])
        }
        var lines = table.lines(style: style, indent: 2)
        // The heap can hold more references than the mean uses. The line is inserted after the header and `used` rows.
        if shown.count > report.used {
            lines.insert(style.dim("  below: in the heap, not in the mean"), at: report.used + 1)
        }
        let notShown = report.references.count - shown.count
        if notShown > 0 { lines.append(style.dim("  and \(NumberFormat.count(notShown)) more")) }
        return [""] + lines
    }

    /// A bar whose length is proportional to the similarity; empty if the similarity is not positive.
    private func bar(_ similarity: Float) -> String {
        guard let largest = report.references.first?.similarity, largest > 0, similarity > 0 else { return "" }
        let fraction = Double(similarity / largest)
        guard fraction.isFinite else { return "" }
        return String(repeating: "#", count: Int((min(1, fraction) * Double(Self.barLength)).rounded()))
    }
}
