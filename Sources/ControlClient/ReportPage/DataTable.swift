/// A table of numbers; the first column names the rows.
struct DataTable {
    let caption: String
    let columns: [String]
    /// For each row a text for each column.
    let rows: [[String]]

    /// The table in a box that scrolls sideways where the page is too narrow.
    ///
    /// - Parameter id: a name that no other element of the page has.
    func markup(id: String) -> Markup {
        let head = columns.map { Markup.element("th", ["scope": "col"], text: $0) }
        let body = rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == 0
                    ? Markup.element("th", ["scope": "row"], text: cell) : Markup.element("td", text: cell)
            }
            return Markup.element("tr", [:], cells)
        }
        // On paper, tables with many columns have smaller letters.
        let table = Markup.element(
            "table", ["class": columns.count > 12 ? "wide" : columns.count > 6 ? "medium" : "narrow"],
            [
                .element("caption", ["id": id], text: caption),
                .element("thead", [:], [.element("tr", [:], head)]), .element("tbody", [:], body),
            ])
        // A box that scrolls must be reachable with the keyboard.
        return .element("div", ["class": "scroll", "role": "region", "aria-labelledby": id, "tabindex": "0"], [table])
    }
}
