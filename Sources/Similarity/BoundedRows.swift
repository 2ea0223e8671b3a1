internal import CKernels

/// Rows and bounds between which their scores lie, as three columns of a fixed length.
package struct BoundedRows: Sendable {
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
        return unsafe withColumns(from: start) { unsafe ck_prune($0, count, wanted, &threshold) }
    }

    /// Calls `body` with the columns from `start` on.
    mutating func withColumns(from start: Int, _ body: (ck_bounds) -> Int) -> Int {
        precondition(start >= 0 && start <= count)
        return unsafe uppers.withUnsafeMutableBufferPointer { uppers in
            unsafe lowers.withUnsafeMutableBufferPointer { lowers in
                unsafe rows.withUnsafeMutableBufferPointer { rows in
                    guard let u = uppers.baseAddress, let l = lowers.baseAddress, let r = rows.baseAddress else {
                        return 0
                    }
                    return unsafe body(ck_bounds(uppers: u + start, lowers: l + start, rows: r + start))
                }
            }
        }
    }
}
