internal import WireAPI

/// What fewer references would give.
struct ReferenceCurveFigure {
    let curve: [EvaluationReport.ReferenceCurvePoint]
    /// The choice of k and alpha, with which the gains are measured; `nil` if the report has none.
    let tuning: EvaluationReport.Tuning?

    var figure: Figure {
        let chart = Chart(height: 250)
        let counts = curve.map { Double(max($0.references, 1)) }
        let gains = curve.flatMap { $0.gains + [$0.gain] }.map { $0 * 100 }
        let (lowest, highest) = (min(0, gains.min() ?? 0), max(0.5, gains.max() ?? 0))
        let x = Scale(
            logarithmic: (counts.min() ?? 1)...(counts.max() ?? 1), from: chart.horizontal.lowerBound + 18,
            to: chart.horizontal.upperBound - 14)
        let y = Scale(lowest...highest * 1.05, from: chart.vertical.upperBound, to: chart.vertical.lowerBound)
        let ticks = zip(curve, counts).map { point, count in
            Chart.Tick(position: x.position(count), label: "\(NumberFormat.short(point.share * 100))%")
        }
        var content = chart.verticalAxis(Chart.ticks(y, about: 5), title: "gain of R@1 in percentage points")
        content += chart.horizontalAxis(ticks, title: "share of the references")
        if lowest < 0 {
            content.append(
                Draw.line(
                    chart.horizontal.lowerBound, y.position(0), chart.horizontal.upperBound, y.position(0),
                    style: "zero"))
        }
        let means = zip(curve, counts).map { (x: x.position($1), y: y.position($0.gain * 100)) }
        content.append(Draw.path(means, style: "line after"))
        for (point, count) in zip(curve, counts) {
            content += point.gains.map {
                Draw.circle(x.position(count), y.position($0 * 100), radius: 2.5, style: "dot other")
            }
        }
        content += means.map { Draw.circle($0.x, $0.y, radius: 4, style: "dot full after") }
        return Figure(
            id: "curve", title: "Gain with a part of the references",
            description: curve.map {
                "With \(NumberFormat.count($0.references)) references \(NumberFormat.points($0.gain)) points."
            }.joined(separator: " "),
            chart: chart, content: content,
            notes: ["Small rings: single random choices of references. Filled dots: their mean."] + pair, table: table)
    }

    /// With which pair the gains are measured, and why they are larger than that of the tuned method.
    private var pair: [String] {
        guard let tuning else { return [] }
        return [
            "All gains are those of the best pair, \(Findings.pair(tuning.k, tuning.alpha)), over all queries. The same "
                + "queries chose it, so they are a little too high; their differences matter here."
        ]
    }

    private var table: DataTable {
        DataTable(
            caption: "Gain of R@1 in percentage points",
            columns: ["share", "references", "mean gain", "lowest", "highest"],
            rows: curve.map { point in
                [
                    "\(NumberFormat.short(point.share * 100))%", NumberFormat.count(point.references),
                    NumberFormat.points(point.gain), NumberFormat.points(point.gains.min() ?? point.gain),
                    NumberFormat.points(point.gains.max() ?? point.gain),
                ]
            })
    }
}

/// How near queries are to references, compared with how near references are to each other.
struct ReferenceDistanceFigure {
    let distance: EvaluationReport.ReferenceDistance

    /// What the picture compares; ``PageStyle`` describes the styles.
    private var rows: [(name: String, style: String, quantiles: EvaluationReport.Quantiles)] {
        [("queries", "after", distance.queries), ("references", "other", distance.references)]
    }

    var figure: Figure {
        let chart = Chart(height: 170, left: 12, top: 12)
        let values = rows.flatMap { [$0.quantiles.p05, $0.quantiles.p95] }
        let x = Scale(
            (values.min() ?? 0)...(values.max() ?? 1), from: chart.horizontal.lowerBound + 6,
            to: chart.horizontal.upperBound - 6)
        var content = chart.horizontalAxis(Chart.ticks(x, about: 5), title: "similarity to the nearest reference")
        for (index, row) in rows.enumerated() {
            let y = chart.vertical.lowerBound + 34 + Double(index) * 52
            let quantiles = row.quantiles
            content += [
                Draw.text(row.name, chart.horizontal.lowerBound, y - 14, style: "label strong"),
                Draw.line(
                    x.position(quantiles.p05), y, x.position(quantiles.p95), y, style: "whisker thin \(row.style)"),
                Draw.line(x.position(quantiles.p25), y, x.position(quantiles.p75), y, style: "box \(row.style)"),
                Draw.circle(x.position(quantiles.p50), y, radius: 5, style: "dot full \(row.style)"),
            ]
        }
        return Figure(
            id: "distance", title: "How near the nearest reference is",
            description: rows.map { "Median for \($0.name): \(NumberFormat.fixed($0.quantiles.p50, decimals: 3))." }
                .joined(separator: " "),
            chart: chart, content: content,
            notes: ["Dot: the median. Thick bar: the middle half. Thin line: 90% of all."], table: table)
    }

    private var table: DataTable {
        DataTable(
            caption: "Similarity to the nearest reference (of a reference: to another one)",
            columns: ["of", "5%", "25%", "median", "75%", "95%"],
            rows: rows.map { row in
                let quantiles = row.quantiles
                return [row.name]
                    + [quantiles.p05, quantiles.p25, quantiles.p50, quantiles.p75, quantiles.p95].map {
                        NumberFormat.fixed($0, decimals: 3)
                    }
            })
    }
}
