package import FoundationEssentials
internal import NIOHTTP1
package import WireAPI

extension DaemonClient {
    /// The maximum number of changes on a page.
    private static let changesPerPage = 10_000

    /// Reads the images that have changed since a cursor, page by page, until no more follow: `GET /v1/changes`.
    ///
    /// There is no timeout.
    ///
    /// - Parameters:
    ///   - cursor: the `next_cursor` of an earlier page; `start` for all images; `now` for the present cursor alone.
    ///   - limit: the maximum number of changes; `nil` for no limit.
    ///   - vectors: whether images that were added or replaced have their vectors.
    ///   - body: is called with the changes of each page, its last line, and all its lines as JSON.
    /// - Throws: the daemon's `Problem`, ``Failure``, and what `body` throws.
    package func readChanges(
        since cursor: String, limit: Int?, vectors: Bool,
        _ body: (_ changes: [ChangeLine], _ end: ChangesEnd, _ document: Data) throws -> Void
    ) async throws {
        var cursor = cursor
        var rest = limit ?? .max
        while rest > 0 {
            let target = changesTarget(since: cursor, limit: min(rest, Self.changesPerPage), vectors: vectors)
            var page: [UInt8] = []
            try await stream(request(.GET, target, accept: "application/x-ndjson"), content: []) { page += $0 }
            let lines = page.split(separator: UInt8(ascii: "\n")).map { Data($0) }
            let (changes, end): ([ChangeLine], ChangesEnd)
            do {
                changes = try lines.dropLast().map { try WireJSON.decode(ChangeLine.self, from: $0) }
                end = try WireJSON.decode(ChangesEnd.self, from: lines.last ?? Data())
            } catch {
                throw unreadable(error)
            }
            try body(changes, end, Data(page))
            guard end.more else { return }
            cursor = end.nextCursor
            // Some changes stay together, and can exceed the limit.
            rest -= min(rest, changes.count)
        }
    }

    /// The target of a request for a page of changes.
    func changesTarget(since cursor: String, limit: Int, vectors: Bool) -> String {
        "/v1/changes?since=\(cursor.percentEncoded)&limit=\(limit)\(vectors ? "&include=vectors" : "")"
    }
}
