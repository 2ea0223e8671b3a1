package import WireAPI

/// Formats the report of a verification for people: `nnnctl verify`.
package struct VerifyView {
    private let report: VerifyReport
    private let style: TextStyle

    package init(report: VerifyReport, style: TextStyle) {
        self.report = report
        self.style = style
    }

    /// The lines of the text.
    package var lines: [String] {
        let properties = PropertyList([
            ("checked", NumberFormat.count(report.checked, "image", "images")),
            ("wrong", wrong),
            ("largest difference", NumberFormat.brief(report.largestDifference)),
        ])
        return properties.lines(style: style, indent: 0) + images + references
    }

    private var wrong: String {
        guard !report.isClean else { return "0" }
        var counts: [String] = []
        if report.wrong > 0 { counts.append(NumberFormat.count(report.wrong, "image", "images")) }
        if report.wrongReferences > 0 {
            counts.append(NumberFormat.count(report.wrongReferences, "reference", "references"))
        }
        return style.red(counts.joined(separator: ", "))
    }

    /// A table of the images with faults.
    ///
    /// The report has `nil` for a mean that is not a number.
    private var images: [String] {
        var table = Table([
            .leading("image"), .leading("wrong"), .trailing("stored mean"), .trailing("computed mean"),
            .trailing("difference"),
        ])
        for image in report.images {
            let means = [image.stored, image.computed]
            let difference =
                means.contains(nil) ? "" : NumberFormat.brief(abs((image.stored ?? 0) - (image.computed ?? 0)))
            let shown = means.map { $0.map(NumberFormat.score) ?? "not a number" }
            table.append([image.id.printable, image.fault] + shown + [difference])
        }
        return lines(of: table, shown: report.images.count, of: report.wrong)
    }

    private var references: [String] {
        var table = Table([.leading("reference"), .leading("wrong")])
        for reference in report.references { table.append([reference.id.printable, reference.fault]) }
        return lines(of: table, shown: report.references.count, of: report.wrongReferences)
    }

    /// The lines of a table, with a note if it has only the first `shown` of `all` rows with a fault.
    private func lines(of table: Table, shown: Int, of all: Int) -> [String] {
        guard shown > 0 else { return [] }
        let more = all > shown ? [style.dim("  and \(NumberFormat.count(all - shown)) more")] : []
        return [""] + table.lines(style: style, indent: 2) + more
    }
}
