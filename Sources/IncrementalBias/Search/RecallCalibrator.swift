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
        let references = try sample(state.references, layout: layout, in: transaction)
        let count = references.count / layout.dimension
        guard count >= limits.minimumQueries else { return nil }
        let lookedAt = limits.candidates(among: state.images.count)
        var places: [[UInt16]] = []
        for start in stride(from: 0, to: count, by: Self.queriesPerScan) {
            if isCancelled() { throw CancellationError() }
            let end = min(start + Self.queriesPerScan, count)
            places += try self.places(
                Array(references[start * layout.dimension..<end * layout.dimension]), count: end - start,
                alpha: alpha, lookedAt: lookedAt, layout: layout, images: state.images, in: transaction)
        }
        let bases = try CodeTable(tables: tables, layout: layout).bases(in: transaction)
        return RecallCalibration(
            alpha: alpha, generation: state.generation, images: state.images.count,
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

    /// The vectors of evenly spaced references, count x dimension.
    private func sample(
        _ references: StoreState.RowCounts, layout: StoreLayout, in transaction: borrowing ReadTransaction
    ) throws -> [Float] {
        guard references.count > 0 else { return [] }
        let table = VectorTable(database: tables.references.vectors, layout: layout.vectors)
        // Rows without a reference are left out below.
        let count = min(references.end, limits.queries * references.end / references.count)
        let rows = (0..<count).map { UInt32($0 * references.end / count) }
        let values = try table.read(rows: rows, in: transaction)
        return stride(from: 0, to: values.count, by: layout.dimension)
            .map { values[$0..<$0 + layout.dimension] }
            .filter { $0.allSatisfy(\.isFinite) }
            .flatMap { $0 }
    }
}
