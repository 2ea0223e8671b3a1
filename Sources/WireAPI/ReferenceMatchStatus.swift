/// How well the references match the queries of searches, in the answer of `GET /v1/status`.
///
/// `docs/evaluation.md` has the definitions.
package struct ReferenceMatchStatus: Codable, Equatable, Sendable {
    /// The generation of the corpus that was measured.
    package var generation: UInt64
    /// The number of queries that were measured.
    package var queries: Int
    /// The median of the queries' largest similarities to a reference.
    package var querySimilarity: Double
    /// The median of the references' largest similarities to another reference.
    package var referenceSimilarity: Double
    /// The share of pairs of a query and a reference of which the query is farther from its nearest reference: 0.5 if
    /// queries and references are alike.
    package var farther: Double
    /// The number of references that arrived within the last hour.
    package var newReferences: Int
    /// The share of the top 10 of the queries that would differ without these references; `nil` if that took too long
    /// to compute.
    package var changed: Double?

    package init(
        generation: UInt64, queries: Int, querySimilarity: Double, referenceSimilarity: Double, farther: Double,
        newReferences: Int, changed: Double?
    ) {
        self.generation = generation
        self.queries = queries
        self.querySimilarity = querySimilarity
        self.referenceSimilarity = referenceSimilarity
        self.farther = farther
        self.newReferences = newReferences
        self.changed = changed
    }
}
