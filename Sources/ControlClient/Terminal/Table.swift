/// Rows of text under a header, in aligned columns.
package struct Table {
    /// A column's title and alignment.
    package struct Column {
        let title: String
        let alignment: Alignment

        /// A column of text at the left.
        package static func leading(_ title: String) -> Column { Column(title: title, alignment: .leading) }
        /// A column of text at the right, for numbers.
        package static func trailing(_ title: String) -> Column { Column(title: title, alignment: .trailing) }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    /// A table without rows.
    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row: a text for each column.
    package mutating func append(_ row: [String]) {
        precondition(row.count == columns.count)
        rows.append(row)
    }

    /// The header and the rows.
    package func lines(style: TextStyle, indent: Int) -> [String] {
        let header = columns.map(\.title)
        let widths = columns.indices.map { column in
            rows.reduce(header[column].terminalWidth) { max($0, $1[column].terminalWidth) }
        }
        func line(_ cells: [String]) -> String {
            var text = String(repeating: " ", count: indent)
            for (column, cell) in cells.enumerated() {
                if column > 0 { text += "  " }
                text += cell.padded(to: widths[column], alignment: columns[column].alignment)
            }
            while text.last == " " { text.removeLast() }
            return text
        }
        return [style.dim(line(header))] + rows.map(line)
    }
}
