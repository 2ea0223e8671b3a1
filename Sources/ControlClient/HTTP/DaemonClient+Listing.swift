package import FoundationEssentials
internal import NIOHTTP1
package import WireAPI

extension DaemonClient {
    /// The maximum number of lines on a page.
    private static let linesPerPage = 10_000

    /// Lists images, by ascending bytes of their ids, from several pages: `GET /v1/images`.
    ///
    /// There is no timeout.
    ///
    /// - Parameters:
    ///   - start: the id before the first one; empty for all images.
    ///   - limit: the maximum number of images; `nil` for no limit.
    ///   - body: is called with the lines of each page, and with the same lines as JSON.
    /// - Throws: the daemon's `Problem`, ``Failure``, and what `body` throws.
    package func listImages(
        after start: String, limit: Int?, _ body: (_ lines: [ImageLine], _ document: Data) throws -> Void
    ) async throws {
        try await list("/v1/images", after: start, limit: limit, id: \.id, body)
    }

    /// Lists references, by ascending bytes of their ids, as ``listImages(after:limit:_:)`` lists images:
    /// `GET /v1/references`.
    package func listReferences(
        after start: String, limit: Int?, _ body: (_ lines: [ReferenceLine], _ document: Data) throws -> Void
    ) async throws {
        try await list("/v1/references", after: start, limit: limit, id: \.id, body)
    }

    private func list<Line: Decodable>(
        _ path: String, after start: String, limit: Int?, id: (Line) -> String,
        _ body: (_ lines: [Line], _ document: Data) throws -> Void
    ) async throws {
        var start = start
        var rest = limit ?? .max
        while rest > 0 {
            let wanted = min(rest, Self.linesPerPage)
            let after = start.isEmpty ? "" : "&after=\(start.percentEncoded)"
            var page: [UInt8] = []
            try await stream(
                request(.GET, "\(path)?limit=\(wanted)\(after)", accept: "application/x-ndjson"), content: []
            ) { page += $0 }
            let lines: [Line]
            do {
                lines = try page.split(separator: UInt8(ascii: "\n")).map {
                    try WireJSON.decode(Line.self, from: Data($0))
                }
            } catch {
                throw unreadable(error)
            }
            guard let last = lines.last else { return }
            try body(lines, Data(page))
            // A page with fewer lines is the last one.
            guard lines.count == wanted else { return }
            start = id(last)
            rest -= lines.count
        }
    }
}
