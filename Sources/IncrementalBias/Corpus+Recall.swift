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

    /// Measures the recall of the live queries that wait for it, and adjusts later searches to it.
    ///
    /// - Returns: the number of queries, and the adjustments.
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``.
    @discardableResult
    package func measureRecall() throws -> (queries: Int, adjustments: [RecallAdjustment]) {
        let samples = recall.takeSamples()
        return (samples.count, try measureRecall(samples))
    }

    /// Searches for live queries again, approximately and exactly in one snapshot, and records the recall.
    ///
    /// - Returns: the adjustments of later searches.
    func measureRecall(_ samples: [RecallSample]) throws -> [RecallAdjustment] {
        let measured = try environment.read { transaction -> [MeasuredSample] in
            let state = try tables.state(in: transaction)
            // The corpus can have become another one since the queries were answered.
            let samples = samples.filter { $0.vector.count == state.dimension }
            guard !samples.isEmpty, state.images.count > 0 else { return [] }
            let layout = StoreLayout(dimension: state.dimension, settings: settings)
            let (queries, alphas) = (samples.flatMap(\.vector), samples.map(\.alpha))
            let limits = samples.map { min($0.topK, state.images.count) }
            let (exact, _) = try Scan(layout: layout, tables: tables, pool: maintenancePool).run(
                queries: queries, limits: limits, alphas: alphas, images: state.images, in: transaction)
            let (found, _, _) = try ApproximateScan(layout: layout, tables: tables, pool: maintenancePool).run(
                queries: queries, limits: limits, candidates: samples.map(\.candidates), probes: samples.map(\.probes),
                alphas: alphas, images: state.images, in: transaction)
            return zip(samples, zip(exact, found)).map { sample, answers in
                // An image with the same score as the last one of the exact answer is as good.
                let lowest = answers.0.last?.score ?? .infinity
                let right = answers.1.count { $0.score >= lowest }
                return MeasuredSample(sample: sample, total: answers.0.count, found: right)
            }
        }
        return recall.record(measured)
    }

    /// What is known about the recall of approximate searches.
    package var recallReport: RecallReport { recall.report }
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
    ///   - adjusted: called when the measured recall has changed the number of rows that searches score exactly.
    ///   - failed: called with an error that ended a task; later tasks are still done.
    package init(
        _ corpus: Corpus, adjusted: @escaping @Sendable (RecallAdjustment) -> Void,
        failed: @escaping @Sendable (any Error) -> Void
    ) {
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
                    case .measure(let samples): try corpus.measureRecall(samples).forEach(adjusted)
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
