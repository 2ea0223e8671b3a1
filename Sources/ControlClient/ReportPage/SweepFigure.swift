internal import WireAPI

/// What each pair of k and alpha gives, as a heat map.
struct SweepFigure {
    /// The number of colours; ``PageStyle`` has a class `heatN` for each.
    private static let colors = 10
    private static let legendHeight = 54.0

    private let grid: SweepGrid
    private let report: EvaluationReport
    private let chosen: (k: Int, alpha: Float)
    /// Whether the values are recalls; otherwise they are shares of antihubs, of which fewer are better.
    private let isLabelled: Bool

    /// `nil` if the report has no sweep.
    init?(_ report: EvaluationReport) {
        guard let grid = SweepGrid(report),
            let chosen = report.tuning.map({ ($0.k, $0.alpha) }) ?? report.unlabelled.map({ ($0.k, $0.alpha) })
        else { return nil }
        (self.grid, self.report, self.chosen) = (grid, report, chosen)
        isLabelled = !report.sweep.isEmpty
    }

    var figure: Figure {
        let height = Double(grid.ks.count) * 17 + 28 + 44 + Self.legendHeight
        let chart = Chart(height: max(height, 170), top: 24, bottom: 44 + Self.legendHeight)
        let range = colored
        let cells = grid.ks.indices.flatMap { row in
            grid.alphas.indices.flatMap { cell(row: row, column: $0, in: chart, range: range) }
        }
        // The marks of the chosen and the current pair are above all cells.
        let content = axes(chart) + cells + marks(chart) + legend(chart, range)
        let measure = isLabelled ? "R@1" : "share of images in nobody's top 10"
        return Figure(
            id: "sweep",
            title: isLabelled ? "R@1 for each k and alpha" : "Images in nobody's top 10 for each k and alpha",
            description: "The \(measure) lies between \(NumberFormat.percent(all.lowerBound))% and "
                + "\(NumberFormat.percent(all.upperBound))%. \(Findings(report).flatness.joined(separator: " "))",
            chart: chart, content: content,
            notes: [
                "Circle: the \(isLabelled ? "best" : "proposed") pair, \(Findings.pair(chosen.k, chosen.alpha)). "
                    + "Square: the current settings, \(Findings.pair(report.k, report.alpha)). "
                    + "Small dots: pairs that the data can't tell from the best one."
            ], table: table)
    }

    // MARK: Values

    /// The range of all values.
    private var all: ClosedRange<Double> {
        let values = grid.all.map(\.value)
        return (values.min() ?? 0)...(values.max() ?? 0)
    }

    /// The value without NNN, at alpha = 0; `nil` if the sweep has no such pair.
    private var uncorrected: Double? { grid.all.first { $0.alpha == 0 }?.value }

    /// The range of values that the colours tell apart.
    ///
    /// Pairs with a large alpha can be far worse than no correction. All of them get the last colour, so that the colours
    /// show the differences between useful pairs.
    private var colored: ClosedRange<Double> {
        guard let middle = uncorrected else { return all }
        if isLabelled { return max(all.lowerBound, 2 * middle - all.upperBound)...all.upperBound }
        return all.lowerBound...min(all.upperBound, 2 * middle - all.lowerBound)
    }

    // MARK: Positions

    private func size(_ chart: Chart) -> (width: Double, height: Double) {
        (
            (chart.horizontal.upperBound - chart.horizontal.lowerBound) / Double(grid.alphas.count),
            (chart.vertical.upperBound - chart.vertical.lowerBound) / Double(grid.ks.count)
        )
    }

    /// The middle of a cell; small k are below.
    private func middle(row: Int, column: Int, _ chart: Chart) -> (x: Double, y: Double) {
        let size = size(chart)
        return (
            chart.horizontal.lowerBound + (Double(column) + 0.5) * size.width,
            chart.vertical.upperBound - (Double(row) + 0.5) * size.height
        )
    }

    // MARK: Parts

    private func cell(row: Int, column: Int, in chart: Chart, range: ClosedRange<Double>) -> [Markup] {
        guard let cell = grid.cell(row: row, column: column) else { return [] }
        let (size, middle) = (size(chart), middle(row: row, column: column, chart))
        let rectangle = Draw.rectangle(
            middle.x - size.width / 2 + 0.5, middle.y - size.height / 2 + 0.5, width: size.width - 1,
            height: size.height - 1, style: "heat\(color(of: cell.value, in: range))")
        guard cell.isNearBest else { return [rectangle] }
        return [rectangle, Draw.circle(middle.x, middle.y, radius: 2, style: "near")]
    }

    /// The number of a colour: 0 for the worst value, the last one for the best.
    private func color(of value: Double, in range: ClosedRange<Double>) -> Int {
        guard range.lowerBound < range.upperBound else { return Self.colors / 2 }
        let share = min(max((value - range.lowerBound) / (range.upperBound - range.lowerBound), 0), 1)
        return min(Self.colors - 1, Int((isLabelled ? share : 1 - share) * Double(Self.colors)))
    }

    private func marks(_ chart: Chart) -> [Markup] {
        var marks: [Markup] = []
        if let row = grid.ks.firstIndex(of: report.k), let column = grid.alphas.firstIndex(of: report.alpha) {
            let middle = middle(row: row, column: column, chart)
            for style in ["mark under", "mark over"] {
                marks.append(Draw.rectangle(middle.x - 6, middle.y - 6, width: 12, height: 12, style: style))
            }
        }
        if let row = grid.ks.firstIndex(of: chosen.k), let column = grid.alphas.firstIndex(of: chosen.alpha) {
            let middle = middle(row: row, column: column, chart)
            for style in ["mark under", "mark over"] {
                marks.append(Draw.circle(middle.x, middle.y, radius: 6.5, style: style))
            }
        }
        return marks
    }

    private func axes(_ chart: Chart) -> [Markup] {
        let everyColumn = max(1, (grid.alphas.count + 4) / 9)
        let columns = grid.alphas.indices.filter { $0 % everyColumn == 0 }.map {
            Chart.Tick(position: middle(row: 0, column: $0, chart).x, label: NumberFormat.short(grid.alphas[$0]))
        }
        let rows = grid.ks.indices.map { row in
            Draw.text(
                NumberFormat.count(grid.ks[row]), chart.horizontal.lowerBound - 7,
                middle(row: row, column: 0, chart).y + 4, anchor: .end)
        }
        let bottom = chart.vertical.upperBound
        let labels = columns.map { Draw.text($0.label, $0.position, bottom + 15, anchor: .middle) }
        return labels + rows + [
            Draw.text("k", 2, 14, style: "axis-title"),
            Draw.text(
                "alpha", (chart.horizontal.lowerBound + chart.horizontal.upperBound) / 2, bottom + 32, anchor: .middle,
                style: "axis-title"),
        ]
    }

    /// The colours, with the values at the two ends, the worse one on the left, and the value without NNN.
    private func legend(_ chart: Chart, _ range: ClosedRange<Double>) -> [Markup] {
        let (width, y) = (14.0, chart.height - 36)
        let left = (Chart.width - width * Double(Self.colors)) / 2
        let right = left + width * Double(Self.colors)
        let swatches = (0..<Self.colors).map {
            Draw.rectangle(left + Double($0) * width, y, width: width, height: 12, style: "heat\($0)")
        }
        let (worst, best) =
            isLabelled ? (range.lowerBound, range.upperBound) : (range.upperBound, range.lowerBound)
        let isOpen = range != all
        let limit = isOpen ? (isLabelled ? " or less" : " or more") : ""
        var parts =
            swatches + [
                Draw.text("\(NumberFormat.percent(worst))%\(limit)", left - 6, y + 10, anchor: .end),
                Draw.text("\(NumberFormat.percent(best))%", right + 6, y + 10),
            ]
        if let uncorrected, worst != best {
            let x = left + (right - left) * (uncorrected - worst) / (best - worst)
            parts.append(Draw.line(x, y - 3, x, y + 16, style: "zero"))
            parts.append(
                Draw.text("without NNN \(NumberFormat.percent(uncorrected))%", x, y + 30, anchor: .middle))
        }
        return parts
    }

    private var table: DataTable {
        DataTable(
            caption: (isLabelled ? "R@1" : "Images in nobody's top 10") + " in percent; rows are k, columns are alpha",
            columns: ["k"] + grid.alphas.map { "alpha \(NumberFormat.short($0))" },
            rows: grid.ks.indices.map { row in
                [NumberFormat.count(grid.ks[row])]
                    + grid.alphas.indices.map { column in
                        grid.cell(row: row, column: column).map { NumberFormat.percent($0.value) } ?? ""
                    }
            })
    }
}
