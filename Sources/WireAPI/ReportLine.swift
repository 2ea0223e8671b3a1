/// A line of the answer of `/v1/evaluate` or `/v1/hubs` with `Accept: application/x-ndjson`.
///
/// The last line has the report or a problem, every other line has progress.
package struct ReportLine<Report: Codable & Sendable>: Codable, Sendable {
    package typealias Progress = ComputationProgress

    package var progress: Progress?
    package var report: Report?
    package var problem: Problem?

    package init(progress: Progress? = nil, report: Report? = nil, problem: Problem? = nil) {
        self.progress = progress
        self.report = report
        self.problem = problem
    }
}

/// A line of the answer of `POST /v1/evaluate`.
package typealias EvaluationLine = ReportLine<EvaluationReport>
/// A line of the answers of `GET /v1/hubs` and `POST /v1/hubs`.
package typealias HubsLine = ReportLine<HubsReport>

/// How far a computation is.
package struct ComputationProgress: Codable, Sendable {
    /// What is computed, in words for people, such as "ranking".
    package var step: String
    /// The share of the step that is done, from 0 to 1.
    package var done: Double

    package init(step: String, done: Double) {
        self.step = step
        self.done = done
    }
}
