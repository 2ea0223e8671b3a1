internal import FoundationEssentials
internal import NIOHTTP1
package import WireAPI

extension DaemonClient {
    /// Evaluates rankings with and without correction: `POST /v1/evaluate`.
    ///
    /// There is no timeout. A cancellation of the task ends the evaluation in the daemon.
    ///
    /// - Parameter progress: is called for each line of progress.
    /// - Throws: the daemon's `Problem`, ``Failure``, and what `progress` throws.
    package func evaluate(
        _ request: EvaluationRequest, progress: (EvaluationLine.Progress) throws -> Void
    ) async throws -> EvaluationReport {
        var head = self.request(.POST, "/v1/evaluate", accept: "application/x-ndjson")
        head.headers.add(name: "Content-Type", value: "application/json")
        var lines = EvaluationLines()
        try await stream(head, content: Array(try WireJSON.encode(request))) { part in
            let steps = try readable { try lines.append(part) }
            for step in steps { try progress(step) }
        }
        return try readable { try lines.finish() }
    }

    /// Calls `body`, which reads a part of a response.
    ///
    /// - Throws: the daemon's `Problem`; ``Failure`` if the part can't be read.
    private func readable<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let problem as Problem {
            throw problem
        } catch {
            throw unreadable(error)
        }
    }

    /// Lists the images that appear most, and those with suspicious biases: `POST /v1/hubs`.
    ///
    /// There is no timeout.
    package func hubs(_ request: HubsRequest) async throws -> Answer<HubsReport> {
        try await post("/v1/hubs", Array(try WireJSON.encode(request)), mediaType: "application/json")
    }
}
