package import WireAPI

/// Formats the report of an evaluation for people: `nnnctl evaluate`.
package struct EvaluationView {
    private let report: EvaluationReport
    private let style: TextStyle

    package init(report: EvaluationReport, style: TextStyle) {
        self.report = report
        self.style = style
    }

    /// The lines of the text.
    package var lines: [String] {
        let verdict = Findings(report).verdict.map(style.bold)
        return ranks + hubness + groups + referenceCurve + referenceDistance + [""] + verdict + [style.dim(basis)]
    }

    /// What the figures come from.
    private var basis: String {
        let counts = [
            NumberFormat.count(report.queries, "query", "queries"),
            NumberFormat.count(report.images, "image", "images"),
            NumberFormat.count(report.references, "reference", "references"),
            "generation \(NumberFormat.count(Int(clamping: report.generation)))",
        ]
        return "\(counts.joined(separator: ", ")); took \(NumberFormat.duration(report.tookMs / 1000))"
    }

    private var ranks: [String] {
        guard report.methods.contains(where: { $0.recall != nil }) else { return [] }
        var table = Table([
            .leading("method"), .leading("with"), .trailing("R@1"), .trailing("R@5"), .trailing("R@10"),
            .trailing("MRR"), .trailing("median rank"), .trailing("gain of R@1"), .trailing("95% interval"),
        ])
        for method in report.methods {
            guard let recall = method.recall else { continue }
            table.append([
                method.title, method.parameterText, NumberFormat.percent(recall.at1), NumberFormat.percent(recall.at5),
                NumberFormat.percent(recall.at10), method.mrr.map { NumberFormat.fixed($0, decimals: 3) } ?? "-",
                method.medianRank.map(NumberFormat.short) ?? "-",
                method.gainText ?? "-", method.intervalText ?? "-",
            ])
        }
        return section("Right images found, R@n in percent", table, isFirst: true)
    }

    private var hubness: [String] {
        var table = Table([
            .leading("method"), .trailing("skewness"), .trailing("Robin Hood"), .trailing("in nobody's top 10"),
            .trailing("largest N_10"),
        ])
        for (method, hubness) in report.hubnessInOrder {
            table.append([
                method.title, NumberFormat.fixed(hubness.skewness, decimals: 2),
                NumberFormat.fixed(hubness.robinHood, decimals: 3), "\(NumberFormat.percent(hubness.antihubs))%",
                NumberFormat.count(hubness.largest),
            ])
        }
        return section(
            "Hubness: how unevenly images appear in the top 10 of the queries", table, isFirst: ranks.isEmpty)
    }

    private var groups: [String] {
        guard let sizes = report.methods.compactMap({ $0.groups?.sizes.map(\.n) }).first else { return [] }
        var table = Table(
            [.leading("method")] + sizes.flatMap { [.trailing("Bias@\($0)"), .trailing("MaxSkew@\($0)")] }
                + [.trailing("NDKL"), .trailing("average precision")])
        for method in report.methods {
            guard let groups = method.groups else { continue }
            let values = groups.sizes.flatMap { [decimals($0.bias), decimals($0.maxSkew)] }
            table.append(
                [method.title] + values + [decimals(groups.ndkl), decimals(method.averagePrecision)])
        }
        return section("Groups among the first n images", table)
    }

    private var referenceCurve: [String] {
        guard let curve = report.referenceCurve, !curve.isEmpty else { return [] }
        var table = Table([
            .trailing("references"), .trailing("share"), .trailing("gain of R@1"), .trailing("lowest"),
            .trailing("highest"),
        ])
        for point in curve {
            table.append([
                NumberFormat.count(point.references), "\(NumberFormat.short(point.share * 100))%",
                NumberFormat.points(point.gain), NumberFormat.points(point.gains.min() ?? point.gain),
                NumberFormat.points(point.gains.max() ?? point.gain),
            ])
        }
        return section("Gain with fewer references, in points", table)
    }

    private var referenceDistance: [String] {
        guard let distance = report.referenceDistance else { return [] }
        var table = Table(
            [.leading("of")] + ["5%", "25%", "median", "75%", "95%"].map { .trailing($0) })
        for (name, quantiles) in [("queries", distance.queries), ("references", distance.references)] {
            let values = [quantiles.p05, quantiles.p25, quantiles.p50, quantiles.p75, quantiles.p95]
            table.append([name] + values.map { NumberFormat.fixed($0, decimals: 3) })
        }
        return section("Largest similarity to another reference", table)
    }

    private func decimals(_ value: Double?) -> String {
        value.map { NumberFormat.fixed($0, decimals: 3) } ?? "-"
    }

    private func section(_ title: String, _ table: Table, isFirst: Bool = false) -> [String] {
        (isFirst ? [] : [""]) + [style.bold(title)] + table.lines(style: style, indent: 2)
    }
}
