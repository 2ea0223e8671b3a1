internal import WireAPI

/// The gains of all methods side by side, with their intervals.
struct MethodsFigure {
    private static let rowHeight = 42.0

    private let rows: [Row]
    private let report: EvaluationReport

    private struct Row {
        let method: EvaluationReport.Method
        let recall: EvaluationReport.Recall
    }

    /// `nil` if the report has no answers.
    init?(_ report: EvaluationReport) {
        rows = report.methods.compactMap { method in method.recall.map { Row(method: method, recall: $0) } }
        self.report = report
        guard !rows.isEmpty else { return nil }
    }

    var figure: Figure {
        let chart = Chart(height: 34 + Self.rowHeight * Double(rows.count) + 44, left: 12, top: 24)
        let gains = rows.compactMap(\.method.gain)
        let lowest = min(0, gains.map(\.low).min() ?? 0) * 100
        let highest = max(0, gains.map(\.high).max() ?? 0) * 100
        let space = max((highest - lowest) * 0.05, 0.5)
        let x = Scale(
            lowest - space...highest + space, from: chart.horizontal.lowerBound, to: chart.horizontal.upperBound)
        let zero = x.position(0)
        var content = [
            Draw.line(zero, chart.vertical.lowerBound, zero, chart.vertical.upperBound, style: "zero"),
            Draw.text("worse", zero - 8, 14, anchor: .end, style: "axis-title"),
            Draw.text("better than no correction", zero + 8, 14, style: "axis-title"),
        ]
        content += chart.horizontalAxis(Chart.ticks(x, about: 6), title: "gain of R@1 in percentage points")
        for (index, row) in rows.enumerated() {
            let y = chart.vertical.lowerBound + 8 + Self.rowHeight * (Double(index) + 0.5)
            content += marks(of: row, y: y, x: x, chart: chart)
        }
        return Figure(
            id: "methods", title: "Gain of each method over no correction, with 95% intervals",
            description: rows.compactMap(Self.sentence).joined(separator: " "), chart: chart, content: content,
            notes: notes, table: table)
    }

    private func marks(of row: Row, y: Double, x: Scale, chart: Chart) -> [Markup] {
        let style = Self.isOurs(row.method) ? "after" : "other"
        let recall = "R@1 \(NumberFormat.percent(row.recall.at1))%"
        var parts = [
            Draw.text(row.method.title, chart.horizontal.lowerBound, y - 10, style: "label strong"),
            Draw.text(recall, chart.horizontal.upperBound, y - 10, anchor: .end),
        ]
        if row.method.name == "none" {
            parts.append(Draw.circle(x.position(0), y + 4, radius: 5, style: "dot before"))
        } else if let gain = row.method.gain {
            let ends = (x.position(gain.low * 100), x.position(gain.high * 100))
            parts.append(Draw.line(ends.0, y + 4, ends.1, y + 4, style: "whisker \(style)"))
            parts.append(Draw.circle(x.position(gain.value * 100), y + 4, radius: 5, style: "dot full \(style)"))
        }
        return parts
    }

    private var notes: [String] {
        var notes = ["Where a bar crosses the line at 0, the data can't tell the method from no correction."]
        if rows.contains(where: { !["none", "current"].contains($0.method.name) }) {
            notes.append(
                "The gain of a method whose parameters were chosen by these answers is measured on random halves of the "
                    + "queries that did not choose. Its R@1 is over all queries and can therefore be a little too high."
            )
        }
        return notes
    }

    private var table: DataTable {
        DataTable(
            caption: "Right images found",
            columns: ["method", "with", "R@1", "R@5", "R@10", "MRR", "median rank", "gain", "95% interval"],
            rows: rows.map { row in
                let (method, recall) = (row.method, row.recall)
                return [method.title, method.parameterText]
                    + [recall.at1, recall.at5, recall.at10].map { "\(NumberFormat.percent($0))%" } + [
                        method.mrr.map { NumberFormat.fixed($0, decimals: 3) } ?? "",
                        method.medianRank.map(NumberFormat.short) ?? "",
                        method.gainText ?? "", method.intervalText ?? "",
                    ]
            })
    }

    private static func isOurs(_ method: EvaluationReport.Method) -> Bool {
        ["current", "tuned"].contains(method.name)
    }

    private static func sentence(_ row: Row) -> String? {
        guard let gain = row.method.gainText, let interval = row.method.intervalText else { return nil }
        return "\(row.method.title): \(gain) points, from \(interval)."
    }
}
