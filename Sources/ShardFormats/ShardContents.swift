/// The content of a shard's file: the vectors, and the ids if the file has them.
package struct ShardContents: Sendable, Equatable {
    /// The vectors, a row each; they can have NaN and infinities.
    package let matrix: Matrix
    /// An id for each row, where ids can repeat; `nil` if the file has none or they were not asked for.
    package let ids: [String]?

    /// Contents of these parts, unchecked.
    package init(matrix: Matrix, ids: [String]?) {
        self.matrix = matrix
        self.ids = ids
    }
}
