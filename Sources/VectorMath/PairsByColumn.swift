internal import CKernels

/// Pairs of rows and columns, as positions in a ``ScoreIntervals``, grouped by their columns.
package struct PairsByColumn {
    /// The positions of all pairs; after ``group(by:below:)`` those of one column stand together.
    package private(set) var places: [UInt32] = []
    /// The number of pairs.
    package private(set) var count = 0

    private var added: [UInt32] = []
    /// Where the group of each column ends in `places`, which is where that of the next begins.
    private var ends: [UInt32] = []

    /// Makes an empty collection.
    package init() {}

    /// Removes all pairs.
    package mutating func begin() {
        count = 0
    }

    /// Adds pairs.
    ///
    /// - Parameters:
    ///   - max: the largest number of pairs that `body` can add.
    ///   - body: writes positions to the array, from the given index on, and returns how many.
    package mutating func add(atMost max: Int, _ body: (inout [UInt32], Int) -> Int) {
        if added.count < count + max { added += Array(repeating: 0, count: count + max) }
        count += body(&added, count)
    }

    /// Groups the pairs by column.
    ///
    /// - Parameters:
    ///   - columns: the column at each position.
    ///   - end: all columns are below.
    package mutating func group(by columns: [UInt32], below end: Int) {
        if places.count < added.count { places = Array(repeating: 0, count: added.count) }
        ends = Array(repeating: 0, count: end)
        unsafe ck_group(added, count, columns, &ends, end, &places)
    }

    /// Calls `body` with each column that has pairs, in ascending order.
    ///
    /// - Parameter body: called with the column, with the range of its pairs in ``places``, and with the next column.
    package func forEach(_ body: (_ column: Int, _ group: Range<Int>, _ next: Int?) -> Void) {
        var next = column(from: 0, after: 0)
        var start = 0
        while let column = next {
            let end = Int(ends[column])
            next = self.column(from: column + 1, after: end)
            body(column, start..<end, next)
            start = end
        }
    }

    /// The first column from `column` on that has pairs; the groups of the columns before it end at `end`.
    private func column(from column: Int, after end: Int) -> Int? {
        guard end < count else { return nil }
        return ends[column...].firstIndex { $0 > end }
    }
}
