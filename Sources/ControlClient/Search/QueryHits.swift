package import WireAPI

/// The hits of one query; its JSON is one line of `nnnctl search --json`.
package struct QueryHits: Encodable {
    /// The query's row in the file.
    let query: Int
    /// The images that were found, by falling score.
    let hits: [SearchResponse.Hit]

    package init(query: Int, hits: [SearchResponse.Hit]) {
        self.query = query
        self.hits = hits
    }

    /// The lines of a table of the hits, with a title before it and an empty line after it.
    package func lines(style: TextStyle) -> [String] {
        let title = style.bold("query \(query)")
        guard !hits.isEmpty else { return [title, "  no images", ""] }
        var table = Table([
            .trailing("#"), .leading("id"), .trailing("score"), .trailing("similarity"), .trailing("bias"),
        ])
        for (index, hit) in hits.enumerated() {
            table.append([
                "\(index + 1)", hit.id.printable, NumberFormat.score(hit.score), NumberFormat.score(hit.similarity),
                NumberFormat.score(hit.bias),
            ])
        }
        return [title] + table.lines(style: style, indent: 2) + [""]
    }
}
