import Wire

/// The report of a verification, for people.
struct VerifyView {
    let report: VerifyReport
    let style: Style

    var lines: [String] {
        let wrong = Figures.count(report.wrong)
        let facts = Facts([
            ("checked", Figures.count(report.checked, "image", "images")),
            ("wrong", report.wrong > 0 ? style.red(wrong) : wrong),
            ("largest difference", Figures.brief(report.largestDifference)),
        ])
        return facts.lines(style: style, indent: 0) + images
    }

    private var images: [String] {
        guard !report.images.isEmpty else { return [] }
        var table = Table([
            .leading("image"), .trailing("stored mean"), .trailing("computed mean"), .trailing("difference"),
        ])
        for image in report.images {
            table.append([
                image.id.printable, image.stored.map(Figures.score) ?? "not a number", Figures.score(image.computed),
                image.stored.map { Figures.brief(abs($0 - image.computed)) } ?? "",
            ])
        }
        let left = report.wrong - report.images.count
        let more = left > 0 ? [style.dim("  and \(Figures.count(left)) more")] : []
        return [""] + table.lines(style: style, indent: 2) + more
    }
}
