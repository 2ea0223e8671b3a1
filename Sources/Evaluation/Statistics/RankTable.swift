/// The ranks of the right answers of some queries under several variants of ranking.
///
/// A rank counts from 1. It is the position of the best right answer of the query in the ranking of all images.
package struct RankTable: Sendable {
    /// The number of queries, the rows of the table.
    package let queries: Int
    /// The number of variants, the columns of the table.
    package let variants: Int
    private let ranks: [UInt32]

    /// Makes a table.
    ///
    /// - Parameter ranks: row-major, `queries` x `variants`, each at least 1.
    package init(queries: Int, variants: Int, ranks: [UInt32]) {
        precondition(ranks.count == queries * variants, "\(ranks.count) ranks for \(queries) x \(variants)")
        precondition(!ranks.contains(0), "ranks count from 1")
        self.queries = queries
        self.variants = variants
        self.ranks = ranks
    }

    /// The rank of a query's best right answer under a variant.
    package subscript(query: Int, variant: Int) -> UInt32 { ranks[query * variants + variant] }

    /// The ranks of all queries under one variant.
    package func ranks(of variant: Int) -> [UInt32] { (0..<queries).map { self[$0, variant] } }
}
