internal import CKernels

/// Rows and bounds between which their scores lie, as three columns of a fixed length.
package struct ScoreIntervals: Sendable {
    private(set) var uppers: [Float]
    private(set) var lowers: [Float]
    private(set) var rows: [UInt32]

    /// - Parameter count: how many rows there is room for.
    package init(count: Int) {
        uppers = Array(repeating: 0, count: count)
        lowers = uppers
        rows = Array(repeating: 0, count: count)
    }

    /// How many rows there is room for.
    package var count: Int { rows.count }

    /// The row at `index`, and between what and what its score lies.
    package subscript(index: Int) -> (row: Int, lower: Float, upper: Float) {
        (Int(rows[index]), lowers[index], uppers[index])
    }

    /// Replaces the bounds of the rows at `places` by their exact scores.
    mutating func decide(_ places: ArraySlice<UInt32>, _ scores: [Float]) {
        precondition(places.count <= scores.count)
        _ = unsafe withColumns(from: 0) { columns in
            unsafe places.withUnsafeBufferPointer { places in
                guard let p = places.baseAddress else { return }
                unsafe ck_decide(columns, p, scores, places.count)
            }
        }
    }

    /// Adds the places of those of the `count` rows from `start` on to `places` that are not decided and whose middle is
    /// `least` or more.
    mutating func addUndecided(from start: Int, count: Int, least: Float, to places: inout [UInt32], at end: Int) -> Int
    {
        precondition(start + count <= self.count && end + count <= places.count)
        return unsafe withColumns(from: start) { columns in
            unsafe places.withUnsafeMutableBufferPointer { places in
                guard let p = places.baseAddress else { return 0 }
                return unsafe ck_undecided(columns, count, least, UInt32(start), p + end)
            }
        } ?? 0
    }

    /// Drops those of the `count` rows from `start` on whose upper bound is below `threshold`.
    ///
    /// - Returns: how many are left.
    mutating func drop(from start: Int, count: Int, below threshold: Float) -> Int {
        precondition(start + count <= self.count)
        return unsafe withColumns(from: start) { unsafe ck_drop($0, count, threshold) } ?? 0
    }

    /// Replaces the bounds of the row at `index` by its exact score.
    mutating func decide(_ index: Int, _ score: Float) {
        uppers[index] = score
        lowers[index] = score
    }

    /// Sets the row at `index`, with its exact score.
    mutating func set(_ index: Int, row: UInt32, score: Float) {
        rows[index] = row
        decide(index, score)
    }

    /// Drops those of the `count` rows from `start` on that can't be among the `wanted` best; see `ck_prune`.
    ///
    /// - Returns: how many are left.
    mutating func prune(from start: Int, count: Int, wanted: Int, threshold: inout Float) -> Int {
        precondition(start + count <= self.count)
        return unsafe withColumns(from: start) { unsafe ck_prune($0, count, wanted, &threshold) } ?? 0
    }

    /// A value that the middles of about `wanted` of the `count` rows from `start` on reach; see `ck_midpoint_reached`.
    mutating func midpointReached(from start: Int, count: Int, wanted: Int) -> Float {
        precondition(start + count <= self.count)
        return unsafe withColumns(from: start) { unsafe ck_midpoint_reached($0, count, wanted) } ?? -.infinity
    }

    /// Gives each of the `count` rows from `start` on the name that `names` has for it.
    mutating func rename(from start: Int, count: Int, _ names: ArraySlice<UInt32>) {
        for index in start..<start + count { rows[index] = names[names.startIndex + Int(rows[index])] }
    }

    /// Calls `body` with the columns from `start` on.
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
