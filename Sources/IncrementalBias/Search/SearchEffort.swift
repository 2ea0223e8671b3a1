/// What an approximate search reads and scores exactly.
struct SearchEffort: Equatable, Sendable {
    /// The number of rows with the best estimates that are scored exactly for each query.
    let candidates: Int
    /// The number of cells whose rows are estimated; `nil` for all rows.
    let probes: Int?
}

/// Estimates what approximate searches cost, in rows whose scores are estimated.
///
/// The factors are those of the processor time of 400,000 x 384 on an AMD EPYC of the fifth generation.
struct SearchCost {
    /// The number of rows that a search without cells estimates.
    let rows: Int
    let dimension: Int
    let cells: CellDirectory?

    /// To choose a row and to score it exactly takes as long as so many estimates: its vector is read from anywhere.
    private static let rowsPerCandidate = 900.0
    /// In a list, a row takes so many times as long as in a block: its mean is read from anywhere.
    private static let listFactor = 2.7
    /// A cell's center takes as long as a row for each so many components.
    private static let componentsPerRow = 12.0
    /// Cells are used if they cost less than this share.
    private static let maximumShare = 0.8

    /// Without cells.
    func ofAllRows(candidates: Int) -> Double { Double(rows) + Self.rowsPerCandidate * Double(candidates) }

    /// With cells; `nil` if they are not worth their use.
    func ofCells(_ probes: Int, candidates: Int) -> Double? {
        guard let cells else { return nil }
        let entries = Double(cells.totalEntries) / Double(cells.count)
        let centers = Double(cells.count * dimension) / Self.componentsPerRow
        let cost =
            centers + Double(probes) * entries * Self.listFactor + Self.rowsPerCandidate * Double(candidates)
        return cost < Self.maximumShare * ofAllRows(candidates: candidates) ? cost : nil
    }
}
