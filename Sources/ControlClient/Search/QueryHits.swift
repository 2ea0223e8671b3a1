package import WireAPI

/// The hits of one query; its JSON is one line of `nnnctl search --json`.
package struct QueryHits: Encodable {
    /// The query's row in the file; `nil` if an id takes its place.
    var query: Int?
    /// The id of the image whose vector is the query.
    var image: String?
    /// The id of the reference whose vector is the query.
    var reference: String?
    /// The images that were found, by falling score.
    let hits: [SearchResponse.Hit]

    package init(query: Int, hits: [SearchResponse.Hit]) {
        self.query = query
        self.hits = hits
    }

    package init(image: String, hits: [SearchResponse.Hit]) {
        self.image = image
        self.hits = hits
    }

    package init(reference: String, hits: [SearchResponse.Hit]) {
        self.reference = reference
        self.hits = hits
    }

    private var title: String {
        if let image { return "image \(image.printable)" }
        if let reference { return "reference \(reference.printable)" }
        return "query \(query ?? 0)"
    }

    /// The lines of a table of the hits, with a title before it and an empty line after it.
    package func lines(style: TextStyle) -> [String] {
        let title = style.bold(title)
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
