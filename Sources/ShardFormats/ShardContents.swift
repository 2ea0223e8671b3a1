/// What a file of a shard holds: the vectors, and the ids if they lie in the same file.
package struct ShardContents: Sendable, Equatable {
    /// The vectors, a row each; not checked for being finite.
    package let matrix: Matrix
    /// The ids, as many as rows, not checked for being distinct; `nil` if the file has none or they were not asked for.
    package let ids: [String]?

    /// Contents of parts that are there already; nothing is checked.
    package init(matrix: Matrix, ids: [String]?) {
        self.matrix = matrix
        self.ids = ids
    }
}
