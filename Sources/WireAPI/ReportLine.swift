/// A line of the answer of `POST /v1/evaluate` with `Accept: application/x-ndjson`.
///
/// The last line has the report or a problem, every other line has progress.
package struct EvaluationLine: Codable, Sendable {
    package var progress: Progress?
    package var report: EvaluationReport?
    package var problem: Problem?

    package init(progress: Progress? = nil, report: EvaluationReport? = nil, problem: Problem? = nil) {
        self.progress = progress
        self.report = report
        self.problem = problem
    }

    /// How far an evaluation is.
    package struct Progress: Codable, Sendable {
        /// What is computed, in words for people, such as "ranking".
        package var step: String
        /// The share of the step that is done, from 0 to 1.
        package var done: Double

        package init(step: String, done: Double) {
            self.step = step
            self.done = done
        }
    }
}
