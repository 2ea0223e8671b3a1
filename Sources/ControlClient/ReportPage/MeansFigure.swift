internal import WireAPI

/// The distribution of the means of the images, from which their biases are made.
struct MeansFigure {
    let report: EvaluationReport
    let hubs: HubsReport

    /// The mean from which on an image is suspicious.
    private var threshold: Double { hubs.medianMean + 3.5 * hubs.deviation }

    var figure: Figure {
        let means = report.means
        let chart = Chart(height: 230, top: 40)
        let x = Scale(means.low...means.high, from: chart.horizontal.lowerBound, to: chart.horizontal.upperBound)
        let y = Scale(
            0...Double(max(means.counts.max() ?? 1, 1)), from: chart.vertical.upperBound, to: chart.vertical.lowerBound)
        var content = chart.verticalAxis(Chart.ticks(y, about: 4), title: "images")
        content += bars(x: x, y: y, bottom: chart.vertical.upperBound)
        content += chart.horizontalAxis(
            Chart.ticks(x, about: 5), title: "mean of an image's \(report.k) largest similarities")
        if hubs.deviation > 0, (means.low...means.high).contains(threshold) {
            let position = x.position(threshold)
            content.append(Draw.line(position, 26, position, chart.vertical.upperBound, style: "threshold"))
            content.append(
                Draw.text("suspicious from here on", position, 22, anchor: position > 200 ? .end : .start))
        }
        return Figure(
            id: "means", title: "How large the biases are",
            description:
                "The median of the means is \(NumberFormat.fixed(hubs.medianMean, decimals: 3)); they lie between "
                + "\(NumberFormat.fixed(means.low, decimals: 3)) and \(NumberFormat.fixed(means.high, decimals: 3)).",
            chart: chart, content: content,
            notes: ["The bias of an image is alpha x mean, here \(NumberFormat.short(report.alpha)) x mean."],
            table: table)
    }

    /// The left edge of a bin; the number of bins for the right edge of the last one.
    private func edge(_ bin: Int) -> Double {
        report.means.low + (report.means.high - report.means.low) * Double(bin) / Double(report.means.counts.count)
    }

    private func bars(x: Scale, y: Scale, bottom: Double) -> [Markup] {
        report.means.counts.enumerated().compactMap { bin, count in
            guard count > 0 else { return nil }
            let left = x.position(edge(bin))
            let top = y.position(Double(count))
            let width = max(x.position(edge(bin + 1)) - left - 1, 1)
            return Draw.rectangle(left, top, width: width, height: bottom - top, style: "bar")
        }
    }

    private var table: DataTable {
        DataTable(
            caption: "Images by their mean", columns: ["mean from", "to", "images"],
            rows: report.means.counts.enumerated().map { bin, count in
                [
                    NumberFormat.fixed(edge(bin), decimals: 4), NumberFormat.fixed(edge(bin + 1), decimals: 4),
                    NumberFormat.count(count),
                ]
            })
    }
}
