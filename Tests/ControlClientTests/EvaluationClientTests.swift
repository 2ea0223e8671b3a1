import ControlClient
import Foundation
import ShardFormats
import Testing
import WireAPI

@Suite struct EvaluationClientTests {
    /// The response of an evaluation with these lines.
    private func response(_ lines: [EvaluationLine]) throws -> UnixServer.Answer {
        let bodies = try lines.map { String(decoding: try WireJSON.encode($0), as: UTF8.self) + "\n" }
        return .bytes(UnixServer.response(200, bodies.joined()))
    }

    /// Runs an evaluation against a server with one answer.
    ///
    /// - Returns: the report, the steps of progress, and what the server received.
    private func evaluate(
        _ answer: UnixServer.Answer, _ request: EvaluationRequest = EvaluationRequest(queries: nil)
    ) async throws -> (EvaluationReport, [EvaluationLine.Progress], String) {
        let server = try UnixServer([answer])
        defer { server.stop() }
        var steps: [EvaluationLine.Progress] = []
        let report = try await DaemonClient(socket: server.path).evaluate(request) { steps.append($0) }
        return (report, steps, server.requests.first ?? "")
    }

    private static let progress = [("heaps", 0.25), ("ranking", 0.75)].map { step, done in
        EvaluationLine(progress: .init(step: step, done: done))
    }

    @Test func anEvaluationGivesItsProgressAndItsReport() async throws {
        let lines = Self.progress + [EvaluationLine(report: Evaluations.report())]
        let (report, steps, request) = try await evaluate(try response(lines))
        #expect(report.queries == 1000 && report.method("tuned")?.k == 16 && report.sweep.count == 16)
        #expect(steps.map(\.step) == ["heaps", "ranking"] && steps.map(\.done) == [0.25, 0.75])
        #expect(request.hasPrefix("POST /v1/evaluate HTTP/1.1\r\n"))
        #expect(request.contains("Accept: application/x-ndjson, application/problem+json\r\n"))
        #expect(request.hasSuffix("\r\n\r\n{}"))
    }

    @Test func theRequestHasTheQueriesAsAFileInBase64() async throws {
        let matrix = Matrix(rows: 2, dimension: 1, values: [1, 2])
        let sent = EvaluationRequest(queries: QueryVectors(matrix), answers: [["a"], ["b", "c"]], groupSizes: [6])
        let (_, _, text) = try await evaluate(try response([EvaluationLine(report: Evaluations.report())]), sent)
        let body = try #require(text.components(separatedBy: "\r\n\r\n").last)
        let received = try WireJSON.decodeRequest(EvaluationRequest.self, from: Data(body.utf8))
        #expect(received.answers == [["a"], ["b", "c"]] && received.groupSizes == [6])
        guard case .npy(let base64) = received.queries else {
            Issue.record("the queries are not a file")
            return
        }
        #expect(try NPY.read(Array(try #require(Data(base64Encoded: base64)))) == matrix)
    }

    @Test func aReportWithoutALineEndIsRead() async throws {
        let line = try WireJSON.encode(EvaluationLine(report: Evaluations.report()))
        let answer = UnixServer.Answer.bytes(UnixServer.response(200, String(decoding: line, as: UTF8.self)))
        #expect(try await evaluate(answer).0.images == 5000)
    }

    @Test func aProblemAfterProgressIsThrown() async throws {
        let problem = Problem(title: "T", status: 400, detail: "The id 'x' is unknown.", code: "unknown_id")
        let answer = try response(Self.progress + [EvaluationLine(problem: problem)])
        let thrown = await #expect(throws: Problem.self) { try await evaluate(answer) }
        #expect(thrown == problem)
    }

    @Test func aProblemInsteadOfLinesIsThrown() async throws {
        let document = #"{"type":"about:blank","title":"T","status":503,"detail":"D.","code":"evaluation_running"}"#
        let answer = UnixServer.Answer.bytes(UnixServer.response(503, document))
        let thrown = await #expect(throws: Problem.self) { try await evaluate(answer) }
        #expect(thrown?.code == "evaluation_running")
    }

    @Test(arguments: ["", "{\"progress\":{\"step\":\"s\",\"done\":1}}\n", "{}\n", "no JSON\n"])
    func aResponseWithoutAReportIsAFault(body: String) async {
        let answer = UnixServer.Answer.bytes(UnixServer.response(200, body))
        let failure = await #expect(throws: Failure.self) { try await evaluate(answer) }
        #expect(failure?.status == .internalFault)
    }

    @Test func anErrorOfTheCallerEndsTheRequest() async throws {
        struct Stop: Error {}
        let server = try UnixServer([try response(Self.progress)])
        defer { server.stop() }
        await #expect(throws: Stop.self) {
            _ = try await DaemonClient(socket: server.path).evaluate(EvaluationRequest(queries: nil)) { _ in
                throw Stop()
            }
        }
    }

    @Test func hubsAreAskedForWithALimit() async throws {
        let server = try UnixServer(String(decoding: try WireJSON.encode(Evaluations.hubs()), as: UTF8.self))
        defer { server.stop() }
        let answer = try await DaemonClient(socket: server.path).hubs(HubsRequest(limit: 3))
        #expect(answer.value.byAppearances.map(\.id) == ["b"])
        #expect(server.requests.first?.hasPrefix("POST /v1/hubs HTTP/1.1\r\n") == true)
        #expect(server.requests.first?.hasSuffix("\r\n\r\n{\"limit\":3}") == true)
    }
}
