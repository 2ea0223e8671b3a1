internal import WireAPI

/// A list of images with their texts, how often they appear, and the references that make their biases.
struct HubList {
    let images: [HubsReport.Image]
    let report: HubsReport
    /// Id -> text to show beside it.
    let texts: [String: String]

    var markup: Markup {
        .element("ol", ["class": "hubs"], images.map { .element("li", [:], item($0)) })
    }

    private func item(_ image: HubsReport.Image) -> [Markup] {
        let queries = report.source == "references" ? "references taken as queries" : "queries"
        let appearances =
            "In the top 10 of \(NumberFormat.count(image.appearancesBefore)) of \(NumberFormat.count(report.queries)) "
            + "\(queries) without NNN, of \(NumberFormat.count(image.appearances)) with NNN as set. "
            + "Bias \(NumberFormat.fixed(Double(image.bias), decimals: 3)), z-score "
            + "\(NumberFormat.fixed(image.z, decimals: 1))."
        var parts = [
            Markup.element("p", ["class": "name"], named(image.id)), Markup.element("p", text: appearances),
        ]
        if !image.references.isEmpty {
            parts.append(.element("p", ["class": "note"], text: "The most similar references:"))
            parts.append(
                .element(
                    "ul", ["class": "references"],
                    image.references.map { reference in
                        let similarity = NumberFormat.fixed(Double(reference.similarity), decimals: 3)
                        return .element(
                            "li", [:],
                            [.element("span", ["class": "number"], text: similarity), .text(" ")]
                                + named(reference.id))
                    }))
        }
        return parts
    }

    /// The text of an id, if there is one, and the id.
    private func named(_ id: String) -> [Markup] {
        guard let text = texts[id], !text.isEmpty else { return [.element("code", text: id)] }
        return [.element("span", ["class": "text"], text: text.onOneLine), .text(" "), .element("code", text: id)]
    }
}
