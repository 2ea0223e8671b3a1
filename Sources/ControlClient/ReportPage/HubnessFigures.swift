internal import WireAPI

/// How often images appear in the top 10, without NNN and with NNN as set.
struct HubnessFigures {
    let before: EvaluationReport.Hubness
    let after: EvaluationReport.Hubness

    /// `nil` if the report has no hubness of both.
    init?(_ report: EvaluationReport) {
        guard let before = report.hubness["none"], let after = report.hubness["current"] else { return nil }
        (self.before, self.after) = (before, after)
    }

    private struct Series {
        let name: String
        let style: String
        let hubness: EvaluationReport.Hubness
    }

    private var series: [Series] {
        [
            Series(name: "without NNN", style: "before", hubness: before),
            Series(name: "with NNN as set", style: "after", hubness: after),
        ]
    }

    // MARK: N_10

    /// The number of images for ranges of N_10: 0, 1, 2, 3 to 4, 5 to 8, ..., up to the largest N_10.
    var appearances: Figure {
        let bins = Self.bins(upTo: max(before.largest, after.largest))
        let counts = series.map { one in bins.map { bin in Self.images(in: bin, of: one.hubness) } }
        let chart = Chart(height: 250, top: 44)
        let largest = Double(counts.joined().max() ?? 1)
        let y = Scale(
            logarithmic: 0.8...max(largest * 1.2, 10), from: chart.vertical.upperBound, to: chart.vertical.lowerBound)
        let step = (chart.horizontal.upperBound - chart.horizontal.lowerBound) / Double(bins.count)
        func x(_ bin: Int) -> Double { chart.horizontal.lowerBound + (Double(bin) + 0.5) * step }
        // Every label where there is space for it, otherwise every second one.
        let every = bins.count > 8 ? 2 : 1
        let labels = bins.indices.filter { $0 % every == 0 }.map {
            Chart.Tick(position: x($0), label: Self.label(bins[$0], dash: "\u{2013}"))
        }
        var content = chart.verticalAxis(
            Chart.ticks(y, about: 4), title: "images (each line is 10 times the one below)")
        content += chart.horizontalAxis(labels, title: "how often an image appears (N_10)")
        content += legend(y: 30, left: chart.horizontal.lowerBound)
        for (one, counts) in zip(series, counts) {
            let points = counts.indices.filter { counts[$0] > 0 }.map { (x: x($0), y: y.position(Double(counts[$0]))) }
            content.append(Draw.path(points, style: "line \(one.style)"))
            content += points.map { Draw.circle($0.x, $0.y, radius: 3.5, style: "dot \(one.style)") }
        }
        let rows = bins.enumerated().map { index, bin in
            [Self.label(bin, dash: " to ")] + counts.map { NumberFormat.count($0[index]) }
        }
        return Figure(
            id: "appearances", title: "How many images appear how often in the top 10",
            description: "Without NNN one image appears \(NumberFormat.count(before.largest)) times, with NNN as set "
                + "the most frequent one appears \(NumberFormat.count(after.largest)) times.",
            chart: chart, content: content,
            table: DataTable(
                caption: "Images by how often they appear", columns: ["N_10"] + series.map(\.name), rows: rows))
    }

    /// 0, 1, 2, 3 to 4, 5 to 8, 9 to 16, ..., until `largest` is inside.
    private static func bins(upTo largest: Int) -> [ClosedRange<Int>] {
        var bins = [0...0, 1...1]
        while let last = bins.last, last.upperBound < largest {
            bins.append(last.upperBound + 1...last.upperBound * 2)
        }
        return bins
    }

    private static func images(in bin: ClosedRange<Int>, of hubness: EvaluationReport.Hubness) -> Int {
        hubness.histogram.reduce(0) { $0 + (bin.contains($1.appearances) ? $1.images : 0) }
    }

    private static func label(_ bin: ClosedRange<Int>, dash: String) -> String {
        bin.count == 1 ? "\(bin.lowerBound)" : "\(bin.lowerBound)\(dash)\(bin.upperBound)"
    }

    // MARK: Lorenz curve

    /// The share of all appearances that the least frequent images have.
    var lorenz: Figure {
        let chart = Chart(height: 250, top: 44)
        let x = Scale(0...100, from: chart.horizontal.lowerBound, to: chart.horizontal.upperBound)
        let y = Scale(0...100, from: chart.vertical.upperBound, to: chart.vertical.lowerBound)
        var content = chart.verticalAxis(Chart.ticks(y, about: 4), title: "% of all places in top 10s")
        content += chart.horizontalAxis(Chart.ticks(x, about: 5), title: "% of the images, the least frequent first")
        content += legend(y: 30, left: chart.horizontal.lowerBound)
        content.append(
            Draw.path([(x.position(0), y.position(0)), (x.position(100), y.position(100))], style: "line even"))
        for one in series {
            let points = one.hubness.lorenz.enumerated().map {
                (x: x.position(Double($0)), y: y.position($1 * 100))
            }
            content.append(Draw.path(points, style: "line \(one.style)"))
        }
        let shares = [10, 25, 50, 75, 90, 95, 99].filter { $0 < min(before.lorenz.count, after.lorenz.count) }
        let rows = shares.map { share in
            ["\(share)%"] + series.map { "\(NumberFormat.percent($0.hubness.lorenz[share]))%" }
        }
        return Figure(
            id: "lorenz", title: "How evenly the places in top 10s are shared (Lorenz curve)",
            description: "The nearer a curve is to the straight diagonal, the more evenly images appear. "
                + "\(Self.topTenth(before)) without NNN, \(Self.topTenth(after)) with NNN as set.",
            chart: chart, content: content,
            notes: ["The straight dotted line would be an equal share for every image."],
            table: DataTable(
                caption: "Share of the places that the least frequent images have",
                columns: ["images"] + series.map(\.name), rows: rows))
    }

    /// The share of the places that the most frequent tenth of the images has, as a part of a sentence.
    private static func topTenth(_ hubness: EvaluationReport.Hubness) -> String {
        let share = hubness.lorenz.count > 90 ? 1 - hubness.lorenz[90] : 0
        return "The most frequent tenth of the images has \(NumberFormat.percent(share))% of the places"
    }

    private func legend(y: Double, left: Double) -> [Markup] {
        series.enumerated().flatMap { index, one in
            let x = left + Double(index) * 130
            return [
                Draw.path([(x, y - 4), (x + 24, y - 4)], style: "line \(one.style)"),
                Draw.circle(x + 12, y - 4, radius: 3.5, style: "dot \(one.style)"), Draw.text(one.name, x + 30, y),
            ]
        }
    }
}
