/// Rows of text under a header, in aligned columns.
package struct Table {
    /// A column's title and alignment.
    package struct Column {
        let title: String
        let alignment: Alignment

        /// A left-aligned column.
        package static func leading(_ title: String) -> Column { Column(title: title, alignment: .leading) }
        /// A right-aligned column, for numbers.
        package static func trailing(_ title: String) -> Column { Column(title: title, alignment: .trailing) }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    /// A table with these columns and no rows.
    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row, which must have a text for each column.
    package mutating func append(_ row: [String]) {
        precondition(row.count == columns.count)
        rows.append(row)
    }

    /// The lines of the header and the rows, each after `indent` spaces.
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
