import Foundation
import HTTPTypes
import Observability
import Testing

/// `GET /metrics`, and its description in docs/metrics.md.
@Suite struct MetricsResourceTests {
    @Test func everyMetricIsDocumentedInItsOrder() async throws {
        let text = try await TestAPI().send(.get, "/metrics").text
        let lines = text.split(separator: "\n")
        let documented = try Self.documented()
        #expect(lines.filter { $0.hasPrefix("# HELP ") } == documented.map { "# HELP \($0.name) \($0.help)" })
        #expect(lines.filter { $0.hasPrefix("# TYPE ") } == documented.map { "# TYPE \($0.name) \($0.kind)" })
    }

    @Test func gaugesAreReadAtEachScrape() async throws {
        let api = try TestAPI(images: [[1, 0], [0, 1]], references: [[1, 0]])
        api.spoolStatus.backlog = 7
        let reply = try await api.send(.get, "/metrics")
        #expect(reply.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        for line in [
            "nnnd_generation 2", "nnnd_corpus_rows{kind=\"images\"} 2", "nnnd_corpus_rows{kind=\"references\"} 1",
            "nnnd_backlog_shards 7", "nnnd_waiting_queries 0",
        ] {
            #expect(reply.text.contains("\(line)\n"), "\(line)")
        }
        api.spoolStatus.backlog = 8
        #expect(try await api.send(.get, "/metrics").text.contains("nnnd_backlog_shards 8\n"))
    }

    /// The rows of the table in docs/metrics.md.
    private static func documented() throws -> [(name: String, kind: String, help: String)] {
        let file = URL(filePath: #filePath).appending(path: "../../../docs/metrics.md").standardized
        let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| `") }
        return rows.map { row in
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return (String(cells[0].dropFirst().dropLast()), cells[1], cells[3])
        }
    }
}
