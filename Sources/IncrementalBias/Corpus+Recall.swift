internal import LMDB

extension Corpus {
    /// Calibrates approximate searches with one alpha, for the present corpus.
    ///
    /// - Returns: the calibration; `nil` if the corpus is too small for one.
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``, or `CancellationError` after ``RecallMaintenance/stop()``.
    @discardableResult
    package func calibrateRecall(alpha: Float) throws -> RecallCalibration? {
        try environment.read { transaction in
            let calibration = try RecallCalibrator(
                settings: settings, tables: tables, pool: maintenancePool, limits: recallLimits,
                isCancelled: { [recall] in recall.isCancelled }
            ).run(alpha: alpha, in: transaction)
            recall.record(calibration, alpha: alpha, generation: try tables.state(in: transaction).generation)
            return calibration
        }
    }

    /// Measures the recall of the live queries that wait for it.
    ///
    /// - Returns: the number of queries.
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``.
    @discardableResult
    package func measureRecall() throws -> Int {
        let samples = recall.takeSamples()
        try measureRecall(samples)
        return samples.count
    }

    /// Searches for live queries again, approximately and exactly in one snapshot, and records the recall.
    func measureRecall(_ samples: [RecallSample]) throws {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            // The corpus can have become another one since the queries were answered.
            let samples = samples.filter { $0.vector.count == state.dimension }
            guard !samples.isEmpty, state.images.count > 0 else { return }
            let layout = StoreLayout(dimension: state.dimension, settings: settings)
            let (queries, alphas) = (samples.flatMap(\.vector), samples.map(\.alpha))
            let limits = samples.map { min($0.topK, state.images.count) }
            let (exact, _) = try Scan(layout: layout, tables: tables, pool: maintenancePool).run(
                queries: queries, limits: limits, alphas: alphas, images: state.images, in: transaction)
            let (found, _) = try ApproximateScan(layout: layout, tables: tables, pool: maintenancePool).run(
                queries: queries, limits: limits, candidates: samples.map(\.candidates), alphas: alphas,
                images: state.images, in: transaction)
            for (sample, (exact, found)) in zip(samples, zip(exact, found)) {
                // An image with the same score as the last one of the exact answer is as good.
                let lowest = exact.last?.score ?? .infinity
                recall.record(target: sample.target, found: found.count { $0.score >= lowest }, total: exact.count)
            }
        }
    }

    /// The calibrations by ascending alpha, and the recall of live queries by ascending target.
    package var recallReport: (calibrations: [RecallCalibration], measured: [RecallEstimate]) { recall.report }
}

/// Calibrates approximate searches and measures their recall, on a thread of its own.
///
/// Both give way to searches between two pieces of work. Calibrations that are repeated after small changes of the
/// corpus, and measurements, take a twentieth of the time at most.
package final class RecallMaintenance: Sendable {
    private let recall: RecallRegistry

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - corpus: the corpus that is searched.
    ///   - failed: called with an error that ended a task; later tasks are still done.
    package init(_ corpus: Corpus, failed: @escaping @Sendable (any Error) -> Void) {
        recall = corpus.recall
        NamedThread.start("recall") { [recall] in
            while let task = recall.nextTask() {
                let start = ContinuousClock.now
                do {
                    switch task {
                    case .calibrate(let alpha, _):
                        do {
                            try corpus.calibrateRecall(alpha: alpha)
                        } catch {
                            recall.forget(alpha: alpha)
                            throw error
                        }
                    case .measure(let samples): try corpus.measureRecall(samples)
                    }
                } catch is CancellationError {
                    // The daemon stops.
                } catch {
                    failed(error)
                }
                recall.finished(task, took: .now - start)
            }
        }
    }

    deinit {
        stop()
    }

    /// Ends the thread soon.
    package func stop() {
        recall.close()
    }
}
