/// What the file of a shard contains, before ``ShardReader`` checks it: vectors, and perhaps ids.
package struct ShardContents: Sendable, Equatable {
    /// The vectors, one in each row.
    ///
    /// Numbers can be NaN or infinite.
    package let matrix: Matrix
    /// The ids, one for each row.
    ///
    /// Ids can be empty or repeated. `nil` if the file has none, or they were not read.
    package let ids: [String]?

    /// Creates contents without checks.
    package init(matrix: Matrix, ids: [String]?) {
        self.matrix = matrix
        self.ids = ids
    }
}
