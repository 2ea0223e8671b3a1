/// A picture with a caption, and its numbers in a table below it.
struct Figure {
    /// A name that no other picture of the page has; a part of ids.
    let id: String
    /// The title, which says what the picture shows.
    let title: String
    /// A description of the picture for those who don't see it, with its main numbers.
    let description: String
    let chart: Chart
    /// The content of the picture.
    let content: [Markup]
    /// Lines that explain signs in the picture.
    var notes: [String] = []
    let table: DataTable

    var markup: Markup {
        .element(
            "figure", [:],
            [
                .element("figcaption", text: title),
                chart.svg(id: id, title: title, description: description, content),
            ] + notes.map { .element("p", ["class": "note"], text: $0) } + [
                .element(
                    "details", [:],
                    [
                        .element(
                            "summary", [:],
                            [
                                .text("Numbers"), .element("span", ["class": "unseen"], text: " of: \(title)"),
                            ]),
                        table.markup(id: "\(id)-numbers"),
                    ])
            ])
    }
}

/// A part of the page with a heading, a sentence that says what is seen, and one that says what it means.
struct PageSection {
    let id: String
    let title: String
    let seen: String
    let meaning: String
    /// Further sentences.
    var findings: [String] = []
    var figures: [Figure] = []
    /// What follows the pictures.
    var content: [Markup] = []

    /// A single picture stands beside the text where the page is wide enough, several ones below it.
    var markup: Markup {
        let text = Markup.element(
            "div", [:],
            [
                .element("h2", ["id": id], text: title), .element("p", text: seen),
                .element("p", ["class": "meaning"], text: meaning),
            ] + findings.map { .element("p", text: $0) })
        let pictures =
            figures.isEmpty ? [] : [Markup.element("div", ["class": "figures"], figures.map(\.markup))]
        let style = figures.count == 1 ? "beside" : "below"
        return .element("section", ["aria-labelledby": id, "class": style], [text] + pictures + content)
    }
}
