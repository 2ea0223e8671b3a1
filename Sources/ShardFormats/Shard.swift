/// A shard in memory: vectors, each with its id.
///
/// The reader guarantees at least one row, at least one number a row, finite numbers, and as many ids as rows that
/// differ and have 1 to ``IDList/maximumByteCount`` bytes.
package struct Shard: Sendable, Equatable {
    /// The file's name without its extension.
    package let name: String
    /// The vectors, a row each.
    package let matrix: Matrix
    /// The ids, in the order of the rows.
    package let ids: [String]

    /// A shard of parts that are there already; nothing is checked.
    package init(name: String, matrix: Matrix, ids: [String]) {
        self.name = name
        self.matrix = matrix
        self.ids = ids
    }
}
