package import WireAPI

/// The report on an image as text for people.
package struct ExplainView {
    /// The characters of the longest bar.
    private static let barLength = 24

    private let report: ImageReport
    /// How many references to list.
    private let top: Int
    private let style: TextStyle

    /// A view of a report.
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
        for (place, entry) in shown.enumerated() {
            table.append([
                "\(place + 1)", NumberFormat.score(entry.similarity), bar(entry.similarity), entry.id.printable,
            ])
        }
        var lines = table.lines(style: style, indent: 2)
        // The heap may hold more references than the mean takes; the header is the first line.
        if shown.count > report.used {
            lines.insert(style.dim("  below: in the heap, not in the mean"), at: report.used + 1)
        }
        let left = report.references.count - shown.count
        if left > 0 { lines.append(style.dim("  and \(NumberFormat.count(left)) more")) }
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
