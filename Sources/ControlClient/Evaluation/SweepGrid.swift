internal import WireAPI

/// A value for each pair of k and alpha, arranged in rows of one k and columns of one alpha.
struct SweepGrid {
    /// The values of k, ascending.
    let ks: [Int]
    /// The values of alpha, ascending.
    let alphas: [Float]
    private let cells: [[Cell?]]

    /// What a sweep says about one pair.
    struct Cell {
        let k: Int
        let alpha: Float
        /// Recall at 1, or the share of antihubs.
        let value: Double
        /// Whether the data can't tell the pair from the best one.
        let isNearBest: Bool
    }

    init(_ cells: [Cell]) {
        let ks = Set(cells.map(\.k)).sorted()
        let alphas = Set(cells.map(\.alpha)).sorted()
        let rows = Dictionary(uniqueKeysWithValues: ks.enumerated().map { ($1, $0) })
        let columns = Dictionary(uniqueKeysWithValues: alphas.enumerated().map { ($1, $0) })
        var grid: [[Cell?]] = Array(repeating: Array(repeating: nil, count: alphas.count), count: ks.count)
        for cell in cells {
            if let row = rows[cell.k], let column = columns[cell.alpha] { grid[row][column] = cell }
        }
        (self.ks, self.alphas, self.cells) = (ks, alphas, grid)
    }

    /// The sweep of a report: by recall if it has answers, else by hubness; `nil` if it has neither.
    init?(_ report: EvaluationReport) {
        if !report.sweep.isEmpty {
            self.init(
                report.sweep.map { Cell(k: $0.k, alpha: $0.alpha, value: $0.recall, isNearBest: $0.isNearBest) })
        } else if let points = report.unlabelled?.sweep, !points.isEmpty {
            self.init(points.map { Cell(k: $0.k, alpha: $0.alpha, value: $0.antihubs, isNearBest: $0.isNearBest) })
        } else {
            return nil
        }
    }

    /// The cell of a row and a column; `nil` if the sweep has no such pair.
    func cell(row: Int, column: Int) -> Cell? { cells[row][column] }

    /// All cells, row by row.
    var all: [Cell] { cells.flatMap { $0.compactMap(\.self) } }

    /// At most about `limit` columns: those in `kept`, the first, the last, and others at equal steps.
    func columns(limit: Int, keeping kept: [Float]) -> [Int] {
        let step = max(1, (alphas.count + limit - 1) / limit)
        return alphas.indices.filter { $0 % step == 0 || $0 == alphas.count - 1 || kept.contains(alphas[$0]) }
    }
}
