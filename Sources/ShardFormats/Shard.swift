/// A shard in memory: vectors, each with its id.
///
/// ``ShardReader`` guarantees at least one row, at least one number a row, and finite numbers. Each row has an id of 1
/// to ``IDList/maximumByteCount`` bytes, and no two ids are equal.
package struct Shard: Sendable, Equatable {
    /// The file's name without its extension.
    package let name: String
    /// The vectors, a row each.
    package let matrix: Matrix
    /// The ids, in the order of the rows.
    package let ids: [String]

    /// A shard of these parts, unchecked.
    package init(name: String, matrix: Matrix, ids: [String]) {
        self.name = name
        self.matrix = matrix
        self.ids = ids
    }
}
