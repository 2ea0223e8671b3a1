/// A set of rows, stored as one bit per row.
package struct RowSet: Sendable {
    private var words: [UInt64] = []
    /// The number of rows in the set.
    package private(set) var count = 0

    /// Creates a set of `rows`; a row that occurs twice counts once.
    package init(_ rows: some Sequence<UInt32> = []) {
        for row in rows { insert(row) }
    }

    var isEmpty: Bool { count == 0 }

    /// Whether `row` is in the set.
    package func contains(_ row: UInt32) -> Bool {
        let word = Int(row >> 6)
        return word < words.count && words[word] >> UInt64(row & 63) & 1 == 1
    }

    /// Whether at least one of `rows` is in the set.
    func containsAny(of rows: Span<UInt32>) -> Bool {
        let words = words.span
        for index in rows.indices {
            let row = rows[index]
            let word = Int(row >> 6)
            if word < words.count, words[word] >> UInt64(row & 63) & 1 == 1 { return true }
        }
        return false
    }

    /// Adds `row`.
    package mutating func insert(_ row: UInt32) {
        let word = Int(row >> 6)
        if word >= words.count { words.append(contentsOf: repeatElement(0, count: word + 1 - words.count)) }
        guard !contains(row) else { return }
        words[word] |= 1 << UInt64(row & 63)
        count += 1
    }
}
