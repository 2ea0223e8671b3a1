internal import CKernels

/// A table that holds at each position the row of a vector, and a lower and an upper bound of the vector's score.
///
/// The table is stored as three columns of a fixed length. The caller decides which positions it uses: most methods
/// work on the `count` positions that begin at position `start`. A score is *exact* if its two bounds are equal.
///
/// Some methods are `mutating` only because the C functions take pointers to mutable memory.
package struct ScoreIntervals: Sendable {
    /// The upper bound at each position.
    package private(set) var uppers: [Float]
    /// The lower bound at each position.
    package private(set) var lowers: [Float]
    /// The row at each position.
    package private(set) var rows: [UInt32]

    /// - Parameter count: the number of positions.
    package init(count: Int) {
        uppers = Array(repeating: 0, count: count)
        lowers = uppers
        rows = Array(repeating: 0, count: count)
    }

    /// The number of positions.
    package var count: Int { rows.count }

    /// The row at a position and the bounds of its score.
    package subscript(position: Int) -> (row: Int, lower: Float, upper: Float) {
        (Int(rows[position]), lowers[position], uppers[position])
    }

    /// Sets exact scores at some positions.
    ///
    /// - Parameters:
    ///   - positions: the positions.
    ///   - scores: the scores, in the order of `positions`; further elements are ignored.
    package mutating func setExact(_ positions: ArraySlice<UInt32>, _ scores: [Float]) {
        precondition(positions.count <= scores.count)
        _ = unsafe withColumns(from: 0) { columns in
            unsafe positions.withUnsafeBufferPointer { positions in
                guard let p = positions.baseAddress else { return }
                unsafe ck_set_exact(columns, p, scores, positions.count)
            }
        }
    }

    /// Sets the exact score at a position.
    package mutating func setExact(_ position: Int, _ score: Float) {
        uppers[position] = score
        lowers[position] = score
    }

    /// Sets the row at a position and its exact score.
    package mutating func set(_ position: Int, row: UInt32, score: Float) {
        rows[position] = row
        setExact(position, score)
    }

    /// Finds the positions whose score is not exact and whose bounds have a midpoint of at least `minimumMidpoint`.
    ///
    /// - Parameters:
    ///   - positions: receives the positions in ascending order; has space for `count` of them from index `end` on.
    ///   - end: the index in `positions` at which the first position found is written.
    /// - Returns: the number of positions found.
    package mutating func appendInexact(
        from start: Int, count: Int, minimumMidpoint: Float, to positions: inout [UInt32], at end: Int
    ) -> Int {
        precondition(start + count <= self.count && end + count <= positions.count)
        return unsafe withColumns(from: start) { columns in
            unsafe positions.withUnsafeMutableBufferPointer { positions in
                guard let p = positions.baseAddress else { return 0 }
                return unsafe ck_inexact(columns, count, minimumMidpoint, UInt32(start), p + end)
            }
        } ?? 0
    }

    /// Drops the rows whose upper bound is below `threshold`, and moves the others to the first of the `count`
    /// positions without changing their order.
    ///
    /// - Returns: the number of rows left.
    package mutating func drop(from start: Int, count: Int, below threshold: Float) -> Int {
        precondition(start + count <= self.count)
        return unsafe withColumns(from: start) { unsafe ck_drop($0, count, threshold) } ?? 0
    }

    /// Raises a threshold as far as the lower bounds allow, then drops the rows whose upper bound is below it.
    ///
    /// The new threshold is a value that at least `wanted` lower bounds reach, and at most `wanted + wanted / 32`
    /// unless some are equal. If fewer than `wanted` reach the old threshold, it stays.
    ///
    /// - Returns: the number of rows left.
    package mutating func prune(from start: Int, count: Int, wanted: Int, threshold: inout Float) -> Int {
        precondition(start + count <= self.count)
        return unsafe withColumns(from: start) { unsafe ck_prune($0, count, wanted, &threshold) } ?? 0
    }

    /// A value that the midpoints of at least `wanted` rows reach, and of at most `wanted + wanted / 32` unless some
    /// are equal; -infinity if there are fewer than `wanted` rows.
    package mutating func midpointReached(from start: Int, count: Int, wanted: Int) -> Float {
        precondition(start + count <= self.count)
        return unsafe withColumns(from: start) { unsafe ck_midpoint_reached($0, count, wanted) } ?? -.infinity
    }

    /// Replaces each row r by the element r of `newRows`, counted from 0.
    package mutating func replaceRows(from start: Int, count: Int, by newRows: ArraySlice<UInt32>) {
        for position in start..<start + count {
            rows[position] = newRows[newRows.startIndex + Int(rows[position])]
        }
    }

    /// Calls `body` with pointers to position `start` of the columns.
    ///
    /// - Returns: what `body` returns; `nil` if the table has no positions.
    mutating func withColumns<R>(from start: Int, _ body: (ck_bounds) -> R) -> R? {
        precondition(start >= 0 && start <= count)
        return unsafe uppers.withUnsafeMutableBufferPointer { uppers in
            unsafe lowers.withUnsafeMutableBufferPointer { lowers in
                unsafe rows.withUnsafeMutableBufferPointer { rows in
                    guard let u = uppers.baseAddress, let l = lowers.baseAddress, let r = rows.baseAddress else {
                        return nil
                    }
                    return unsafe body(ck_bounds(uppers: u + start, lowers: l + start, rows: r + start))
                }
            }
        }
    }
}
