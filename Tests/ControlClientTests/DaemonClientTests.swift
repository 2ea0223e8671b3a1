import ControlClient
import Foundation
import Glibc
import PosixSupport
import Testing
import WireAPI

@Suite struct DaemonClientTests {
    /// Runs `body` with a client of a server that gives these answers.
    private func withServer<Result>(
        _ answers: [UnixServer.Answer], _ body: (DaemonClient, UnixServer) async throws -> Result
    ) async throws -> Result {
        let server = try UnixServer(answers)
        defer { server.stop() }
        return try await body(DaemonClient(socket: server.path), server)
    }

    private func answer(_ status: Int, _ document: String) -> UnixServer.Answer {
        .bytes(UnixServer.response(status, document))
    }

    private static let reference = #"{"id": "a b", "generation": 7, "vector": [1, 2.5]}"#
    private static let problem =
        #"{"type":"about:blank","title":"T","status":404,"detail":"None.","code":"unknown_id"}"#

    @Test func anAnswerHasItsValueAndItsDocument() async throws {
        try await withServer([answer(200, Self.reference)]) { client, server in
            let answer = try await client.reference("a b/ü")
            #expect(answer.value.vector == [1, 2.5])
            #expect(String(decoding: answer.document, as: UTF8.self) == Self.reference)
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("GET /v1/references/a%20b%2F%C3%BC HTTP/1.1\r\n"))
            #expect(request.contains("Connection: close\r\n") && request.contains("Host: localhost\r\n"))
        }
    }

    @Test func aSearchSendsItsQueriesAndItsParameters() async throws {
        let document = #"{"generation":3,"results":[[]],"took_ms":0.5}"#
        try await withServer([answer(200, document)]) { client, server in
            let response = try await client.search(Array("NPY".utf8), topK: 5, alpha: 1e20).value
            #expect(response.generation == 3)
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("POST /v1/search?top_k=5&alpha=1e%2B20 HTTP/1.1\r\n"))
            #expect(request.contains("Content-Type: application/x-npy\r\n") && request.hasSuffix("\r\n\r\nNPY"))
            _ = try await client.search([], topK: 5, alpha: nil)
            #expect(server.requests.last?.hasPrefix("POST /v1/search?top_k=5 HTTP/1.1\r\n") == true)
            _ = try await client.search([], topK: 5, alpha: nil, minScore: 0.5, recall: 0.99, rescore: 20)
            let target = "/v1/search?top_k=5&min_score=0.5&recall=0.99&rescore=20"
            #expect(server.requests.last?.hasPrefix("POST \(target) HTTP/1.1\r\n") == true)
        }
    }

    @Test func aVerificationSendsItsSample() async throws {
        let report = VerifyReport(
            checked: 4, wrong: 0, largestDifference: 0, images: [], wrongReferences: 0, references: [])
        let document = String(decoding: try WireJSON.encode(report), as: UTF8.self)
        try await withServer([answer(200, document)]) { client, server in
            let checked = try await client.verify(VerifyRequest(sample: 4)).value.checked
            #expect(checked == 4)
            #expect(server.requests.first?.hasSuffix("\r\n\r\n{\"sample\":4}") == true)
        }
    }

    @Test func theStatusIsRead() async throws {
        let status = Documents.status(
            spool: "/spool", receipts: [Documents.receipt(name: "a.npy", at: Documents.time)], dimension: 3)
        let document = String(decoding: try WireJSON.encode(status), as: UTF8.self)
        try await withServer([answer(200, document)]) { client, _ in
            let read = try await client.status().value
            #expect(read.spool.done == "/spool/done" && read.lastReceipts.map(\.name) == ["a.npy"])
            #expect(try WireJSON.encode(read) == WireJSON.encode(status))
        }
    }

    // Explanations.

    @Test func aReferenceHasNoExplanation() async throws {
        try await withServer([answer(404, Self.problem), answer(200, Self.reference)]) { client, server in
            let failure = await #expect(throws: Failure.self) { _ = try await client.explain("r\u{7}") }
            #expect(
                failure == Failure(.dataRejected, "'r\\u{7}' is a reference, not an image: references have no bias"))
            #expect(server.requests.count == 2)
        }
    }

    @Test func anUnknownIDHasNoExplanation() async throws {
        try await withServer([answer(404, Self.problem)]) { client, _ in
            let problem = await #expect(throws: Problem.self) { _ = try await client.explain("i") }
            #expect(problem?.code == "unknown_id")
        }
    }

    // Problems.

    @Test func aProblemDocumentIsThrown() async throws {
        try await withServer([answer(404, Self.problem)]) { client, _ in
            let problem = await #expect(throws: Problem.self) { _ = try await client.status() }
            #expect(problem == Problem(title: "T", status: 404, detail: "None.", code: "unknown_id"))
        }
    }

    @Test func anErrorWithoutADocumentIsAProblem() async throws {
        try await withServer([answer(502, "<html>")]) { client, _ in
            let problem = await #expect(throws: Problem.self) { _ = try await client.status() }
            #expect(problem?.status == 502 && problem?.code == "http_502" && problem?.detail.contains("502") == true)
        }
    }

    @Test func aProblemThatComesBeforeTheWholeRequestWasReadIsThrown() async throws {
        // More than the socket's buffers hold: the write fails, and the answer is there all the same.
        try await withServer([.early(UnixServer.response(404, Self.problem))]) { client, _ in
            let body = [UInt8](repeating: 0, count: 16 << 20)
            do {
                _ = try await client.search(body, topK: 1, alpha: nil)
                Issue.record("the search succeeded")
            } catch let problem as Problem {
                #expect(problem.code == "unknown_id")
            } catch let failure as Failure {
                // The system may drop the answer together with the unread request.
                #expect(failure.status == .unavailable, "\(failure)")
            }
        }
    }

    @Test func anAnswerOfAnotherProgramIsAFault() async throws {
        try await withServer([answer(200, #"{"hello":"world"}"#)]) { client, _ in
            let failure = await #expect(throws: Failure.self) { _ = try await client.status() }
            #expect(failure?.status == .internalFault && failure?.message?.contains("is it nnnd") == true)
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
    func aConnectionThatEndsEarlyIsAFailure(response: String) async throws {
        try await withServer([.bytes(Array(response.utf8))]) { client, _ in
            let failure = await #expect(throws: Failure.self) { _ = try await client.status() }
            #expect(failure?.status == .unavailable)
        }
    }

    @Test func aSocketThatCannotBeReachedIsNamed() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/s"
        let missing = await #expect(throws: Failure.self) { _ = try await DaemonClient(socket: path).status() }
        #expect(missing?.status == .unavailable && missing?.message?.hasPrefix("no socket at \(path)") == true)
        close(try ListeningSocket(path: path, mode: 0o600).descriptor)
        let left = await #expect(throws: Failure.self) { _ = try await DaemonClient(socket: path).status() }
        #expect(
            left?.status == .unavailable && left?.message?.hasPrefix("nobody listens on the socket \(path)") == true)
    }

    @Test func aCancelledRequestIsInterrupted() async throws {
        try await withServer([answer(200, Self.reference)]) { client, _ in
            let task = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return try await client.reference("r").value
            }
            let failure = await #expect(throws: Failure.self) { _ = try await task.value }
            #expect(failure?.status == .interrupted)
        }
    }

    // Backups.

    @Test func aBackupIsACompleteFolder() async throws {
        let content = String(repeating: "page", count: 100_000)
        let status = String(decoding: try WireJSON.encode(Documents.status(spool: "/spool")), as: UTF8.self)
        try await withServer([answer(200, status), answer(200, content)]) { client, _ in
            let folder = try TemporaryFolder()
            var last = (written: 0, expected: 0)
            let bytes = try await client.backup(toFolder: "\(folder.path)/backup") { last = ($0, $1) }
            // The status says that the store has 1 << 20 bytes.
            #expect(bytes == content.utf8.count && last == (bytes, 1 << 20))
            #expect(folder.names == ["backup"])
            #expect(try folder.bytes("backup/data.mdb") == Array(content.utf8))
            #expect(try folder.mode("backup") == 0o700 && folder.mode("backup/data.mdb") == 0o600)
        }
    }

    @Test func aBackupThatIsCutOffLeavesNothing() async throws {
        let status = String(decoding: try WireJSON.encode(Documents.status(spool: "/spool")), as: UTF8.self)
        let cut = Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npage".utf8)
        try await withServer([answer(200, status), .bytes(cut)]) { client, _ in
            let folder = try TemporaryFolder()
            let failure = await #expect(throws: Failure.self) {
                _ = try await client.backup(toFolder: "\(folder.path)/backup") { _, _ in }
            }
            #expect(failure?.status == .unavailable && folder.names == [])
        }
    }

    @Test func aBackupThatTheDaemonRejectsLeavesNothing() async throws {
        let status = String(decoding: try WireJSON.encode(Documents.status(spool: "/spool")), as: UTF8.self)
        try await withServer([answer(200, status), answer(404, Self.problem)]) { client, _ in
            let folder = try TemporaryFolder()
            let problem = await #expect(throws: Problem.self) {
                _ = try await client.backup(toFolder: "\(folder.path)/backup") { _, _ in }
            }
            #expect(problem?.code == "unknown_id" && folder.names == [])
        }
    }

    @Test func anErrorOfTheCallerEndsABackup() async throws {
        let status = String(decoding: try WireJSON.encode(Documents.status(spool: "/spool")), as: UTF8.self)
        try await withServer([answer(200, status), answer(200, "page")]) { client, _ in
            let folder = try TemporaryFolder()
            await #expect(throws: BrokenPipe.self) {
                _ = try await client.backup(toFolder: "\(folder.path)/backup") { _, _ in throw BrokenPipe() }
            }
            #expect(folder.names == [])
        }
    }
}
