internal import CKernels

/// Places of pairs of rows and columns in a ``ScoreIntervals``, put in the order of their columns.
struct PairsByColumn {
    /// The places, column by column once grouped.
    private(set) var places: [UInt32] = []
    private(set) var count = 0

    private var added: [UInt32] = []
    /// Where the places of each column end, and those of the next begin.
    private var ends: [UInt32] = []

    /// Forgets all pairs.
    mutating func begin() {
        count = 0
    }

    /// Adds what `body` writes: given the array, and where in it, it returns how many there are.
    ///
    /// - Parameter most: how many there can be.
    mutating func add(atMost most: Int, _ body: (inout [UInt32], Int) -> Int) {
        if added.count < count + most { added += Array(repeating: 0, count: count + most) }
        count += body(&added, count)
    }

    /// Puts the places in order.
    ///
    /// - Parameters:
    ///   - columns: the column at each place.
    ///   - end: all columns are below.
    mutating func group(by columns: [UInt32], below end: Int) {
        if places.count < added.count { places = Array(repeating: 0, count: added.count) }
        ends = Array(repeating: 0, count: end)
        unsafe ck_group(added, count, columns, &ends, end, &places)
    }

    /// Calls `body` with each column that has pairs, rising, with where their places are, and with the column after it.
    func forEach(_ body: (_ column: Int, _ group: Range<Int>, _ next: Int?) -> Void) {
        var column = next(from: 0, after: 0)
        var start = 0
        while let here = column {
            let end = Int(ends[here])
            column = next(from: here + 1, after: end)
            body(here, start..<end, column)
            start = end
        }
    }

    /// The first column from `column` on that has pairs, those before it having `end`.
    private func next(from column: Int, after end: Int) -> Int? {
        guard end < count else { return nil }
        return ends[column...].firstIndex { $0 > end }
    }
}
