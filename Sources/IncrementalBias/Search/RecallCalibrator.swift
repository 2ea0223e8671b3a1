internal import LMDB
internal import VectorMath

/// Measures how many rows approximate searches must score exactly: searches for references, exactly and by estimates.
struct RecallCalibrator {
    let settings: StoreSettings
    let tables: Tables
    let pool: WorkerPool
    let limits: RecallLimits
    /// Called between two pieces of work; `true` ends the calibration.
    let isCancelled: @Sendable () -> Bool

    /// The number of references that are searched for at a time.
    private static let queriesPerScan = 128

    /// Calibrates searches with one alpha.
    ///
    /// - Returns: `nil` if there are too few images or references.
    /// - Throws: `CancellationError`, `LMDBError`, ``StoreError/damaged(_:)``.
    func run(alpha: Float, in transaction: borrowing ReadTransaction) throws -> RecallCalibration? {
        let state = try tables.state(in: transaction)
        guard state.dimension > 0, state.images.count >= max(limits.minimumImages, limits.maximumTopK) else {
            return nil
        }
        let layout = StoreLayout(dimension: state.dimension, settings: settings)
        let groups = try sample(state.references, layout: layout, in: transaction)
        guard !groups.isEmpty else { return nil }
        let lookedAt = limits.candidates(among: state.images.count)
        let places = try groups.map { references -> [[UInt16]] in
            var places: [[UInt16]] = []
            for part in references.chunks(of: Self.queriesPerScan) {
                if isCancelled() { throw CancellationError() }
                places += try self.places(
                    part.flatMap(\.self), count: part.count, alpha: alpha, lookedAt: lookedAt, layout: layout,
                    images: state.images, in: transaction)
            }
            return places
        }
        let bases = try CodeTable(tables: tables, layout: layout).bases(in: transaction)
        return RecallCalibration(
            alpha: alpha, generation: state.generation, counts: .init(state),
            codeVersion: bases.newest?.version ?? 0, places: places, lookedAt: lookedAt)
    }

    /// The places of the best images of some queries; see ``RecallCalibration``.
    private func places(
        _ queries: [Float], count: Int, alpha: Float, lookedAt: Int, layout: StoreLayout, images: StoreState.RowCounts,
        in transaction: borrowing ReadTransaction
    ) throws -> [[UInt16]] {
        let alphas = [Float](repeating: alpha, count: count)
        let (best, _) = try Scan(layout: layout, tables: tables, pool: pool).run(
            queries: queries, limits: Array(repeating: limits.maximumTopK, count: count), alphas: alphas,
            images: images, in: transaction)
        let estimated = try ApproximateScan(layout: layout, tables: tables, pool: pool).estimate(
            queries: queries, counts: Array(repeating: lookedAt, count: count), alphas: alphas, images: images,
            in: transaction)
        return zip(best, estimated).map { best, estimated in
            let places = Dictionary(uniqueKeysWithValues: estimated.enumerated().map { ($1, UInt16($0)) })
            return best.map { places[$0.row] ?? RecallCalibration.missed }
        }
    }

    /// The vectors of some references, in groups for which a calibration must hold separately.
    ///
    /// Given references are the queries that the user expects, sampled ones are queries that came. Both are asked to be
    /// enough, so that neither hides the other: half of the references are sampled ones, if there are so many. A source
    /// with fewer references than a calibration needs does not get a group of its own.
    ///
    /// - Returns: one group or two; none if there are too few references.
    private func sample(
        _ references: StoreState.RowCounts, layout: StoreLayout, in transaction: borrowing ReadTransaction
    ) throws -> [[[Float]]] {
        let sampledRows = try tables.arrivals.oldest(.sampled, in: transaction) { _, _ in true }
        let givenCount = references.count - sampledRows.count
        let sampledCount = min(sampledRows.count, max(limits.queries / 2, limits.queries - givenCount))
        let sampled = (0..<sampledCount).map { sampledRows[$0 * sampledRows.count / sampledCount] }
        let given = Self.evenlySpaced(
            min(givenCount, limits.queries - sampledCount), of: givenCount, end: references.end,
            without: Set(sampledRows))
        let table = VectorTable(database: tables.references.vectors, layout: layout.vectors)
        let groups = try [given, sampled].map { rows in
            // Rows without a reference have no finite vector.
            try table.read(rows: rows, in: transaction).chunks(of: layout.dimension)
                .filter { $0.allSatisfy(\.isFinite) }.map(Array.init)
        }
        if groups.allSatisfy({ $0.count >= limits.minimumQueries }) { return groups }
        let all = groups.flatMap(\.self)
        return all.count >= limits.minimumQueries ? [all] : []
    }

    /// About `wanted` evenly spaced rows below `end` that are not in `excluded`.
    ///
    /// - Parameter count: the number of references among the rows that are not in `excluded`.
    private static func evenlySpaced(
        _ wanted: Int, of count: Int, end: Int, without excluded: Set<UInt32>
    ) -> [UInt32] {
        guard wanted > 0, count > 0 else { return [] }
        // Rows without a reference are left out later.
        let number = min(end, wanted * end / count)
        return (0..<number).map { UInt32($0 * end / number) }.filter { !excluded.contains($0) }
    }
}

extension Array {
    /// Consecutive parts with `count` elements each; the last one can have fewer.
    fileprivate func chunks(of count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}
