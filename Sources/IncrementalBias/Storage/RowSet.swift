/// A set of rows, as one bit a row.
struct RowSet: Sendable {
    private var words: [UInt64] = []
    private(set) var count = 0

    init(_ rows: some Sequence<UInt32> = []) {
        for row in rows { insert(row) }
    }

    var isEmpty: Bool { count == 0 }

    func contains(_ row: UInt32) -> Bool {
        let word = Int(row >> 6)
        return word < words.count && words[word] >> UInt64(row & 63) & 1 == 1
    }

    mutating func insert(_ row: UInt32) {
        let word = Int(row >> 6)
        if word >= words.count { words.append(contentsOf: repeatElement(0, count: word + 1 - words.count)) }
        guard !contains(row) else { return }
        words[word] |= 1 << UInt64(row & 63)
        count += 1
    }
}
