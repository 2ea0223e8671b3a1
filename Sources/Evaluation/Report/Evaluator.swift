package import IncrementalBias
package import WireAPI

/// Measures what the correction by biases changes, over one snapshot of a corpus.
///
/// All random choices follow from the seed of the request, so that the same request over the same snapshot gives the
/// same report.
package struct Evaluator: Sendable {
    /// Called from time to time with the step, in words for people, and the share of it that is done, from 0 to 1.
    ///
    /// The first call comes when the request has been checked.
    package typealias Progress = (_ step: String, _ done: Double) -> Void

    let corpus: Corpus
    /// The alpha of the daemon's searches.
    let alpha: Float

    /// - Parameter alpha: the alpha of the daemon's searches.
    package init(_ corpus: Corpus, alpha: Float) {
        self.corpus = corpus
        self.alpha = alpha
    }

    /// Evaluates some queries; see `docs/evaluation.md`.
    ///
    /// It takes long: call it on a thread of its own.
    ///
    /// - Parameters:
    ///   - request: what to measure.
    ///   - queries: the vectors of `request.queries`; `nil` if it has none.
    ///   - isCancelled: called several times a second during the passes over the images; `true` ends the evaluation.
    ///   - progress: see ``Progress``.
    /// - Throws: ``EvaluationError``; `CancellationError`; `LMDBError` or `StoreError` if the store can't be read.
    package func evaluate(
        _ request: EvaluationRequest, queries: SearchBatch?, isCancelled: @escaping @Sendable () -> Bool,
        progress: @escaping Progress
    ) throws -> EvaluationReport {
        let clock = ContinuousClock()
        let start = clock.now
        var report = try corpus.withSnapshot(isCancelled: isCancelled) { snapshot, rowOfImage, _ in
            let k = snapshot.state.k
            let options = try EvaluationOptions(request, k: k, alpha: alpha, capacity: corpus.settings.capacity)
            guard snapshot.state.images.count > 0 else { throw EvaluationError.noImages }
            guard snapshot.state.references.count > 0 else { throw EvaluationError.noReferences }
            let sweep = Sweep(options, k: k, alpha: alpha)
            func run(_ columns: ImageColumns) -> EvaluationRun {
                EvaluationRun(
                    snapshot: snapshot, options: options, sweep: sweep, columns: columns, progress: progress)
            }
            guard let queries else {
                let heldOut = try HeldOutReferences(
                    snapshot, ks: sweep.ks, seed: options.seed, progress: progress)
                return try run(heldOut.columns).report(heldOut: heldOut)
            }
            let vectors = try corpus.checked(queries, dimension: snapshot.dimension)
            return try run(ImageColumns(ks: sweep.ks)).report(request, vectors, rowOfImage: rowOfImage)
        }
        report.tookMs = ((clock.now - start) / .milliseconds(1) * 1000).rounded() / 1000
        return report
    }
}
