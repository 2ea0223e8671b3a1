internal import CKernels

/// Pairs of a query and a row, grouped by row.
///
/// A pair is given by a position in a ``ScoreIntervals``, which holds the row.
package struct PairsByRow {
    /// The positions of all pairs.
    ///
    /// After ``group(by:below:)`` the pairs of one row are next to each other.
    package private(set) var positions: [UInt32] = []
    /// The number of pairs.
    package private(set) var count = 0

    /// The positions of the pairs in the order in which they were added.
    private var added: [UInt32] = []
    /// For each row the index in `positions` at which its pairs end and those of the next row begin.
    private var ends: [UInt32] = []

    /// Makes an empty collection.
    package init() {}

    /// Removes all pairs.
    package mutating func removeAll() {
        count = 0
    }

    /// Adds pairs.
    ///
    /// - Parameters:
    ///   - max: the maximum number of pairs that `body` adds.
    ///   - body: called once, with an array and an index. It writes positions to the array, beginning at the index, and
    ///     returns their number.
    package mutating func add(atMost max: Int, _ body: (inout [UInt32], Int) -> Int) {
        // The array at least doubles, so that it rarely has to grow.
        if added.count < count + max { added += Array(repeating: 0, count: count + max) }
        count += body(&added, count)
    }

    /// Groups the pairs by row.
    ///
    /// - Parameters:
    ///   - rows: the row at each position.
    ///   - end: a number above all rows.
    package mutating func group(by rows: [UInt32], below end: Int) {
        if positions.count < added.count { positions = Array(repeating: 0, count: added.count) }
        ends = Array(repeating: 0, count: end)
        unsafe ck_group(added, count, rows, &ends, end, &positions)
    }

    /// Calls `body` once for each row that has pairs, by ascending row.
    ///
    /// Call it after ``group(by:below:)``.
    ///
    /// - Parameter body: called with the row, with the range of its pairs in ``positions``, and with the row of the
    ///   next call.
    package func forEach(_ body: (_ row: Int, _ group: Range<Int>, _ nextRow: Int?) -> Void) {
        var next = firstRow(from: 0, after: 0)
        var start = 0
        while let row = next {
            let end = Int(ends[row])
            next = firstRow(from: row + 1, after: end)
            body(row, start..<end, next)
            start = end
        }
    }

    /// The first row that has pairs, at or after `row`.
    ///
    /// - Parameter end: the index in `positions` at which the pairs of the rows before `row` end.
    private func firstRow(from row: Int, after end: Int) -> Int? {
        guard end < count else { return nil }
        return ends[row...].firstIndex { $0 > end }
    }
}
