import Wire

/// What a search found for one query; as JSON, a line of `nnnctl search --json`.
struct QueryHits: Encodable {
    /// The query's row in the file.
    let query: Int
    /// The images, by falling score.
    let hits: [SearchResponse.Hit]

    /// A table for people.
    func lines(style: Style) -> [String] {
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
