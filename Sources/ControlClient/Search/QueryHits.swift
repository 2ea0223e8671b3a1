package import WireAPI

/// The hits of one query; as JSON, a line of `nnnctl search --json`.
package struct QueryHits: Encodable {
    /// The query's row in the file.
    let query: Int
    /// The images, by falling score.
    let hits: [SearchResponse.Hit]

    /// The hits of the query in a row.
    package init(query: Int, hits: [SearchResponse.Hit]) {
        self.query = query
        self.hits = hits
    }

    /// The hits as a table, with a title and an empty line at the end.
    package func lines(style: TextStyle) -> [String] {
        let title = style.bold("query \(query)")
        guard !hits.isEmpty else { return [title, "  no images", ""] }
        var table = Table([
            .trailing("#"), .leading("id"), .trailing("score"), .trailing("similarity"), .trailing("bias"),
        ])
        for (place, hit) in hits.enumerated() {
            table.append([
                "\(place + 1)", hit.id.printable, NumberFormat.score(hit.score), NumberFormat.score(hit.similarity),
                NumberFormat.score(hit.bias),
            ])
        }
        return [title] + table.lines(style: style, indent: 2) + [""]
    }
}
