extension Array {
    /// Splits the array into ranges of consecutive elements for which `key` returns the same value.
    ///
    /// - Returns: the index ranges, in order; together they contain all indices.
    func chunked<Key: Equatable>(by key: (Element) -> Key) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        while start < count {
            let startKey = key(self[start])
            let end = self[start...].firstIndex { key($0) != startKey } ?? count
            ranges.append(start..<end)
            start = end
        }
        return ranges
    }
}
