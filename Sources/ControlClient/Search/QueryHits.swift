package import WireAPI

/// What a search found for one query; as JSON, a line of `nnnctl search --json`.
package struct QueryHits: Encodable {
    /// The query's row in the file.
    package let query: Int
    /// The images, by falling score.
    package let hits: [SearchResponse.Hit]

    /// Makes the value from its parts.
    package init(query: Int, hits: [SearchResponse.Hit]) {
        self.query = query
        self.hits = hits
    }

    /// A table for people.
    package func lines(style: Style) -> [String] {
        let title = style.bold("query \(query)")
        guard !hits.isEmpty else { return [title, "  no images", ""] }
        var table = Table([
            .trailing("#"), .leading("id"), .trailing("score"), .trailing("similarity"), .trailing("bias"),
        ])
        for (place, hit) in hits.enumerated() {
            table.append([
                "\(place + 1)", hit.id.printable, Figures.score(hit.score), Figures.score(hit.similarity),
                Figures.score(hit.bias),
            ])
        }
        return [title] + table.lines(style: style, indent: 2) + [""]
    }
}
