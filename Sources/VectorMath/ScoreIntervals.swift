internal import CKernels

/// Rows with an interval that holds each one's score, as three columns of a fixed length.
///
/// A score is exact where both bounds are equal. The positions of the columns are the caller's to assign: most methods
/// work on `count` consecutive positions.
package struct ScoreIntervals: Sendable {
    /// The upper bounds.
    package private(set) var uppers: [Float]
    /// The lower bounds.
    package private(set) var lowers: [Float]
    /// The numbers of the rows.
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
    package subscript(index: Int) -> (row: Int, lower: Float, upper: Float) {
        (Int(rows[index]), lowers[index], uppers[index])
    }

    /// Sets both bounds at each of `places` to the score of the same index.
    package mutating func setExact(_ places: ArraySlice<UInt32>, _ scores: [Float]) {
        precondition(places.count <= scores.count)
        _ = unsafe withColumns(from: 0) { columns in
            unsafe places.withUnsafeBufferPointer { places in
                guard let p = places.baseAddress else { return }
                unsafe ck_set_exact(columns, p, scores, places.count)
            }
        }
    }

    /// Sets both bounds at a position to `score`.
    package mutating func setExact(_ index: Int, _ score: Float) {
        uppers[index] = score
        lowers[index] = score
    }

    /// Sets the row at a position and its exact score.
    package mutating func set(_ index: Int, row: UInt32, score: Float) {
        rows[index] = row
        setExact(index, score)
    }

    /// Writes the positions without an exact score whose midpoint is at least `minimum` to `places`, from `end` on.
    ///
    /// - Returns: the number of positions written.
    package mutating func appendInexact(
        from start: Int, count: Int, midpointFrom minimum: Float, to places: inout [UInt32], at end: Int
    ) -> Int {
        precondition(start + count <= self.count && end + count <= places.count)
        return unsafe withColumns(from: start) { columns in
            unsafe places.withUnsafeMutableBufferPointer { places in
                guard let p = places.baseAddress else { return 0 }
                return unsafe ck_inexact(columns, count, minimum, UInt32(start), p + end)
            }
        } ?? 0
    }

    /// Drops the rows whose upper bound is below `threshold`; the others move up in their order.
    ///
    /// - Returns: the number of rows left.
    package mutating func drop(from start: Int, count: Int, below threshold: Float) -> Int {
        precondition(start + count <= self.count)
        return unsafe withColumns(from: start) { unsafe ck_drop($0, count, threshold) } ?? 0
    }

    /// Raises `threshold` to about the largest value that `wanted` lower bounds reach, then drops rows below it.
    ///
    /// The corresponding C function is `ck_prune`.
    ///
    /// - Returns: the number of rows left.
    package mutating func prune(from start: Int, count: Int, wanted: Int, threshold: inout Float) -> Int {
        precondition(start + count <= self.count)
        return unsafe withColumns(from: start) { unsafe ck_prune($0, count, wanted, &threshold) } ?? 0
    }

    /// About the largest value that the midpoints of `wanted` rows reach; -infinity where there are fewer rows.
    ///
    /// The corresponding C function is `ck_midpoint_reached`.
    package mutating func midpointReached(from start: Int, count: Int, wanted: Int) -> Float {
        precondition(start + count <= self.count)
        return unsafe withColumns(from: start) { unsafe ck_midpoint_reached($0, count, wanted) } ?? -.infinity
    }

    /// Replaces each row, an index of `names`, by the name there.
    package mutating func rename(from start: Int, count: Int, _ names: ArraySlice<UInt32>) {
        for index in start..<start + count { rows[index] = names[names.startIndex + Int(rows[index])] }
    }

    /// Calls `body` with the columns from position `start` on; `nil` where there are no positions.
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
