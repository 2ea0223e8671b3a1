extension Array {
    /// The ranges of neighbouring elements for which `key` gives the same value.
    func chunked<Key: Equatable>(by key: (Element) -> Key) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        while start < count {
            let own = key(self[start])
            let end = self[start...].firstIndex { key($0) != own } ?? count
            ranges.append(start..<end)
            start = end
        }
        return ranges
    }
}
