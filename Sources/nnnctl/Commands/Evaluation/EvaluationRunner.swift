import ControlClient
import ShardFormats
import WireAPI

extension EvaluationRequest {
    /// The request that options describe; reads the files that they name.
    init(_ queries: QueryOptions, _ sweep: SweepOptions, _ comparison: ComparisonOptions? = nil) throws {
        let (matrix, answers) = try queries.read()
        self.init(
            queries: matrix.map { QueryVectors($0) }, answers: answers,
            groups: try comparison?.groups.map { try GroupsFile(path: $0).read() },
            groupSizes: comparison?.groupSizes?.numbers, baselines: comparison?.baselines,
            referenceCurve: comparison?.referenceCurve, ks: sweep.ks?.numbers, alphas: sweep.alphas?.numbers,
            repeats: sweep.repeats, seed: sweep.seed)
    }
}

extension DaemonOptions {
    /// Runs an evaluation and shows its progress; SIGINT and SIGTERM cancel it.
    func evaluate(_ request: EvaluationRequest) async throws -> EvaluationReport {
        let daemon = client
        return try await cancelledBySignals {
            let console = Console()
            defer { console.clearProgress() }
            return try await daemon.evaluate(request) { progress in
                let steps = 1000
                let done = Int((min(max(progress.done, 0), 1) * Double(steps)).rounded())
                try console.show(.progress(done: done, total: steps, text: progress.step.printable))
            }
        }
    }
}
