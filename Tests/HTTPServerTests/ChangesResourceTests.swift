import Foundation
import HTTPTypes
import IncrementalBias
import ShardFormats
import Testing
import WireAPI

/// `GET /v1/changes`.
@Suite struct ChangesResourceTests {
    private let api: TestAPI
    private static let ids = ["a", "é\"", "日本"]

    init() throws {
        api = try TestAPI(images: (0..<3).map { [1, Float($0)] }, imageIDs: Self.ids, references: [[1, 0], [0, 1]])
    }

    private func read(_ query: String) async throws -> (lines: [ChangeLine], end: ChangesEnd) {
        let reply = try await api.send(.get, "/v1/changes?\(query)")
        #expect((reply.status, reply.headers[.contentType]) == (200, "application/x-ndjson"))
        let lines = reply.body.split(separator: UInt8(ascii: "\n")).map { Data($0) }
        let changes = try lines.dropLast().map { try WireJSON.decode(ChangeLine.self, from: $0) }
        #expect(try zip(lines, changes).allSatisfy { try $0 == WireJSON.encode($1) && $0.elementsEqual($1.json) })
        return (changes, try WireJSON.decode(ChangesEnd.self, from: try #require(lines.last)))
    }

    private func delete(_ id: String) throws {
        let shard = IncomingShard(
            name: "d.delete", role: .images, sha256: String(repeating: "1", count: 64), idsSHA256: nil, ids: [id],
            content: .deletion, received: Date())
        _ = try api.corpus.ingest([shard], acknowledged: [], now: Date.init)
    }

    @Test func pagesHaveAllImagesAndThenTheirChanges() async throws {
        let first = try await read("since=start&limit=2&include=vectors")
        #expect(first.lines.map(\.id) == ["a", "é\""] && first.end.more)
        #expect(first.lines[0].vector == [1, 0])
        let second = try await read("since=\(first.end.nextCursor)&limit=2")
        #expect(second.lines.map(\.id) == ["日本"] && !second.end.more)
        #expect(second.lines[0].vector == nil && second.lines[0].change == "upsert")
        for line in first.lines + second.lines {
            let report = try await api.send(.get, "/v1/images/\(line.id.percentEncoded)").json(ImageReport.self)
            #expect(line.mean == report.mean)
        }
        try delete("a")
        let third = try await read("since=\(second.end.nextCursor)")
        #expect(third.lines == [ChangeLine(change: "delete", id: "a", mean: nil, vector: nil)])
        #expect((third.end.dimension, third.end.generation, third.end.images, third.end.k) == (2, 3, 2, 4))
        let now = try await read("since=now")
        #expect(now.lines.isEmpty && now.end == third.end)
    }

    @Test func anArchiveHasTheSameAsTheLines() async throws {
        let cursor = try await read("since=now").end.nextCursor
        try delete("a")
        for since in ["start", cursor] {
            let target = "since=\(since)&include=vectors"
            let (lines, end) = try await read(target)
            let reply = try await api.send(.get, "/v1/changes?\(target)", accept: "application/x-npz")
            let archive = StoredArchive(reply.body)
            let width = lines.map(\.id.unicodeScalars.count).max() ?? 1
            #expect(try archive("ids.npy").texts(width: width) == lines.map(\.id))
            #expect(try archive("changes.npy").texts(width: 6) == lines.map(\.change))
            let means = try archive("means.npy").floats
            #expect(means.map { $0.isNaN ? nil : $0 } == lines.map(\.mean))
            #expect(try archive("vectors.npy").floats == lines.flatMap { $0.vector ?? [] })
            #expect(try archive("generation.npy").numbers(UInt64.self) == [end.generation])
            #expect(try archive("more.npy").numbers(UInt64.self) == [0])
            #expect(try archive("next_cursor.npy").texts(width: end.nextCursor.utf8.count) == [end.nextCursor])
        }
    }

    @Test(arguments: [
        ("", "bad_cursor"), ("since=x", "bad_cursor"), ("since=start&limit=0", "bad_limit"),
        ("since=start&include=all", "bad_include"), ("since=start&after=x", "unknown_parameter"),
    ])
    func badParametersAreRejected(query: String, code: String) async throws {
        let reply = try await api.send(.get, "/v1/changes?\(query)")
        #expect((reply.status, reply.code) == (400, code))
    }

    @Test func cursorsThatCannotBeAnsweredAreGone() async throws {
        let cursor = try await read("since=now").end.nextCursor
        let other = try await TestAPI(images: [[1, 0]], references: [[1, 0]]).send(.get, "/v1/changes?since=\(cursor)")
        #expect((other.status, other.code) == (410, "cursor_unknown"))
        try api.corpus.setChangeLogLimits(ChangeLogLimits(secondsToLive: 1, maximumBytes: 0))
        let off = try await api.send(.get, "/v1/changes?since=\(cursor)")
        #expect((off.status, off.code) == (409, "changes_off"))
        try delete("a")
        try api.corpus.setChangeLogLimits(.standard)
        let expired = try await api.send(.get, "/v1/changes?since=\(cursor)")
        #expect((expired.status, expired.code) == (410, "cursor_expired"))
    }
}
