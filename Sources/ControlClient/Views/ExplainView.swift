package import WireAPI

/// The report on an image, for people.
package struct ExplainView {
    /// The characters of the longest bar.
    private static let barLength = 24

    package let report: ImageReport
    /// How many references to list.
    package let top: Int
    package let style: Style

    /// Makes the value from its parts.
    package init(report: ImageReport, top: Int, style: Style) {
        self.report = report
        self.top = top
        self.style = style
    }

    package var lines: [String] {
        let facts = Facts([
            ("image", report.id.printable),
            ("bias", "\(Figures.score(report.bias)) = alpha \(report.alpha) x mean \(Figures.score(report.mean))"),
            ("mean", "of the \(Figures.count(report.used, "largest similarity", "largest similarities"))"),
            ("heap", Figures.count(report.references.count, "reference", "references")),
            ("generation", Figures.count(Int(clamping: report.generation))),
        ])
        return facts.lines(style: style, indent: 0) + references
    }

    private var references: [String] {
        let shown = report.references.prefix(top)
        guard !shown.isEmpty else { return [] }
        var table = Table([.trailing("#"), .trailing("similarity"), .leading(""), .leading("reference")])
        for (place, entry) in shown.enumerated() {
            table.append([
                "\(place + 1)", Figures.score(entry.similarity), bar(entry.similarity), entry.id.printable,
            ])
        }
        var lines = table.lines(style: style, indent: 2)
        // The heap may hold more references than the mean takes; the header is the first line.
        if shown.count > report.used {
            lines.insert(style.dim("  below: in the heap, not in the mean"), at: report.used + 1)
        }
        let left = report.references.count - shown.count
        if left > 0 { lines.append(style.dim("  and \(Figures.count(left)) more")) }
        return [""] + lines
    }

    /// A bar as long as the similarity is in proportion to the largest; none for a negative one.
    private func bar(_ similarity: Float) -> String {
        guard let largest = report.references.first?.similarity, largest > 0, similarity > 0 else { return "" }
        let share = Double(similarity / largest)
        guard share.isFinite else { return "" }
        return String(repeating: "#", count: Int((min(1, share) * Double(Self.barLength)).rounded()))
    }
}
