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
        let directory = try readyCells(in: transaction)
        var (places, probes): ([[[UInt16]]], [[[UInt16]]]) = ([], [])
        for references in groups {
            var group: (places: [[UInt16]], probes: [[UInt16]]) = ([], [])
            for part in references.chunks(of: Self.queriesPerScan) {
                if isCancelled() { throw CancellationError() }
                let queries = References(
                    vectors: part.flatMap(\.self), alphas: Array(repeating: alpha, count: part.count), layout: layout,
                    images: state.images)
                let best = try self.best(queries, in: transaction)
                group.places += try self.places(of: best, queries, lookedAt: lookedAt, in: transaction)
                if let directory { group.probes += try self.probes(of: best, queries, directory, in: transaction) }
            }
            places.append(group.places)
            probes.append(group.probes)
        }
        let bases = try CodeTable(tables: tables, layout: layout).bases(in: transaction)
        return RecallCalibration(
            alpha: alpha, generation: state.generation, counts: .init(state),
            codeVersion: bases.newest?.version ?? 0, places: places, lookedAt: lookedAt, dimension: state.dimension,
            cells: directory.map { .init(training: $0.training, revision: $0.revision, probes: probes) })
    }

    /// The directory of cells that searches can read; `nil` if there are none.
    private func readyCells(in transaction: borrowing ReadTransaction) throws -> CellDirectory? {
        let directory = try tables.cells.readableDirectory(in: transaction)
        return directory?.phase == .ready ? directory : nil
    }

    /// Some references that are searched for.
    private struct References {
        let vectors: [Float]
        let alphas: [Float]
        let layout: StoreLayout
        let images: StoreState.RowCounts
    }

    /// The rows of the best images of each reference.
    private func best(_ queries: References, in transaction: borrowing ReadTransaction) throws -> [[UInt32]] {
        let limits = Array(repeating: limits.maximumTopK, count: queries.alphas.count)
        return try Scan(layout: queries.layout, tables: tables, pool: pool).run(
            queries: queries.vectors, limits: limits, alphas: queries.alphas, images: queries.images, in: transaction
        ).best.map { $0.map(\.row) }
    }

    /// The places of the best images; see ``RecallCalibration``.
    private func places(
        of best: [[UInt32]], _ queries: References, lookedAt: Int, in transaction: borrowing ReadTransaction
    ) throws -> [[UInt16]] {
        let count = queries.alphas.count
        let estimated = try ApproximateScan(layout: queries.layout, tables: tables, pool: pool).estimate(
            queries: queries.vectors, counts: Array(repeating: lookedAt, count: count), alphas: queries.alphas,
            images: queries.images, in: transaction)
        return zip(best, estimated).map { best, estimated in
            let places = Dictionary(uniqueKeysWithValues: estimated.enumerated().map { ($1, UInt16($0)) })
            return best.map { places[$0] ?? RecallCalibration.missed }
        }
    }

    /// For each of the best images the number of cells that a search must read to find it.
    private func probes(
        of best: [[UInt32]], _ queries: References, _ directory: CellDirectory,
        in transaction: borrowing ReadTransaction
    ) throws -> [[UInt16]] {
        let (layout, count) = (queries.layout, directory.count)
        let trained = try tables.cells.trained(directory, dimension: layout.dimension, in: transaction)
        let pairs = try tables.cells.mappedPairs(layout, end: queries.images.end, in: transaction)
        let scores = try CellRanking(
            directory: directory, centers: trained.centers, dimension: layout.dimension, pool: pool
        ).scores(queries.vectors, alphas: queries.alphas)
        return best.enumerated().map { query, rows in
            let own = scores[query * count..<(query + 1) * count]
            var ranks = [UInt16](repeating: .max, count: count)
            let order = (0..<count).sorted {
                (own[own.startIndex + $0], $1) > (own[own.startIndex + $1], $0)
            }
            for (rank, cell) in order.enumerated() { ranks[cell] = UInt16(rank + 1) }
            return rows.map { row in
                let pair = CellPair(
                    stored: pairs.integer(
                        at: Int(row), perValue: layout.rowsPerBlock, missing: CellPair.none.stored))
                guard pair != .none else { return 0 }
                return [pair.first, pair.second].filter { $0 < count }.map { ranks[Int($0)] }.min() ?? .max
            }
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
