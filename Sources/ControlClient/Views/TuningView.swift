package import WireAPI

/// Formats the choice of k and alpha for people: `nnnctl tune`.
package struct TuningView {
    /// The number of columns of the sweep that a terminal shows.
    private static let maximumColumns = 9

    private let report: EvaluationReport
    private let style: TextStyle
    /// Whether the pair is set by the same command, so that no line for the settings file is needed.
    private let isApplied: Bool

    package init(report: EvaluationReport, style: TextStyle, isApplied: Bool = false) {
        self.report = report
        self.style = style
        self.isApplied = isApplied
    }

    /// The lines of the text.
    package var lines: [String] {
        let findings = Findings(report)
        let choice = findings.proposal.isEmpty ? findings.verdict : findings.proposal
        let details = findings.crossValidation + findings.evenness + findings.flatness
        return sweep + [""] + choice.map(style.bold) + details + settings
    }

    /// The pair that was chosen or proposed.
    private var chosen: (k: Int, alpha: Float)? {
        report.tuning.map { ($0.k, $0.alpha) } ?? report.unlabelled.map { ($0.k, $0.alpha) }
    }

    private var sweep: [String] {
        guard let grid = SweepGrid(report), let chosen else { return [] }
        let columns = grid.columns(limit: Self.maximumColumns, keeping: [chosen.alpha, report.alpha])
        var table = Table(
            [.trailing("k / alpha")] + columns.map { .trailing(NumberFormat.short(grid.alphas[$0]) + " ") })
        for (row, k) in grid.ks.enumerated() {
            let values = columns.map { column in
                grid.cell(row: row, column: column).map { text(of: $0, chosen: chosen) } ?? ""
            }
            table.append([NumberFormat.count(k)] + values)
        }
        let title = report.sweep.isEmpty ? "Images in nobody's top 10, in percent" : "R@1 in percent"
        var legend = "* \(report.sweep.isEmpty ? "proposed" : "best"), + can't be told from the best, = as set"
        if columns.count < grid.alphas.count {
            legend += "; \(columns.count) of \(grid.alphas.count) values of alpha are shown, --json has all"
        }
        return [style.bold(title)] + table.lines(style: style, indent: 2) + [style.dim("  " + legend)]
    }

    /// The value of a cell and a mark behind it.
    private func text(of cell: SweepGrid.Cell, chosen: (k: Int, alpha: Float)) -> String {
        var mark = cell.isNearBest ? "+" : " "
        if (cell.k, cell.alpha) == (report.k, report.alpha) { mark = "=" }
        if (cell.k, cell.alpha) == chosen { mark = "*" }
        return NumberFormat.percent(cell.value) + mark
    }

    /// The lines for the settings file, if another pair is better than the current one or is proposed.
    private var settings: [String] {
        guard !isApplied, let chosen, chosen != (report.k, report.alpha), report.tuning?.isBetterThanCurrent ?? true
        else {
            return []
        }
        return [
            "", "To use this pair, put these lines into nnnd's settings file and reload nnnd:",
            "  k: \(chosen.k)", "  alpha: \(NumberFormat.short(chosen.alpha))",
        ]
    }
}
