/// A shard in memory: vectors with their ids.
///
/// ``ShardReader`` guarantees that there is at least one row, that the dimension is at least 1, and that all numbers
/// are finite. Each row has an id of 1 to ``IDList/maximumByteCount`` bytes, and all ids are different.
package struct Shard: Sendable, Equatable {
    /// The file name without its extension.
    package let name: String
    /// The vectors, one in each row.
    package let matrix: Matrix
    /// The ids, in the order of the rows.
    package let ids: [String]

    /// Creates a shard without checks.
    package init(name: String, matrix: Matrix, ids: [String]) {
        self.name = name
        self.matrix = matrix
        self.ids = ids
    }
}
