import Foundation
import HTTPTypes
import Hummingbird
import IncrementalBias
import NIOCore
import Testing
import VectorMath

/// `GET /v1/backup`.
@Suite struct BackupResourceTests {
    private let api: TestAPI

    init() throws {
        api = try TestAPI(images: [[1, 0], [0, 1]], references: [[1, 0]])
    }

    @Test func aBackupIsAStoreWithTheSameContent() async throws {
        let reply = try await api.send(.get, "/v1/backup")
        #expect(reply.status == 200)
        #expect(reply.headers[.contentType] == "application/octet-stream")
        #expect(reply.headers[.contentLength] == nil)
        let folder = FileManager.default.temporaryDirectory.appending(path: "nnnd-test-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(reply.body).write(to: folder.appending(path: "data.mdb"))
        let copy = try Corpus(
            folder: folder.path,
            settings: RequestedSettings(metric: api.corpus.settings.metric, precision: api.corpus.settings.precision),
            k: 4, threads: 1)
        #expect(try copy.state() == api.corpus.state())
        #expect(try copy.explainImage("i:1")?.references.map(\.id) == ["r:0"])
    }

    @Test func oneBackupAtATimeCanBeMade() async throws {
        var first: Response? = try await api.response(.get, "/v1/backup", body: RequestBody(buffer: ByteBuffer()))
        #expect(first?.status == .ok)
        let second = try await api.send(.get, "/v1/backup")
        #expect((second.status, second.code) == (503, "backup_running"))
        // A response that is destroyed before it is sent ends its backup.
        first = nil
        #expect(try await api.send(.get, "/v1/backup").status == 200)
    }

    @Test func aClientThatDisconnectsEndsTheBackup() async throws {
        await #expect(throws: (any Error).self) { try await disconnect() }
        #expect(try await api.send(.get, "/v1/backup").status == 200)
    }

    /// Asks for a backup and takes nothing of it.
    private func disconnect() async throws {
        struct Gone: Error {}
        struct Broken: ResponseBodyWriter {
            mutating func write(_ buffer: ByteBuffer) async throws { throw Gone() }
            consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
        }
        let response = try await api.response(.get, "/v1/backup", body: RequestBody(buffer: ByteBuffer()))
        try await response.body.write(Broken())
    }
}
