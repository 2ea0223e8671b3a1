internal import VectorMath

/// Queries that are coded for comparisons with the sign codes of blocks of any version.
struct EstimateQueries: Sendable {
    private let bases: CodeBases
    private let layout: CodeLayout
    /// The queries coded with each of `bases`.
    private let queries: [SignQueries]

    /// Encodes queries.
    ///
    /// - Parameters:
    ///   - values: the queries, count x dimension.
    ///   - alphas: for each of them the weight of the means in its scores.
    ///   - bases: the bases of the blocks that the queries can be compared with.
    ///   - layout: the layout of these blocks.
    init(_ values: [Float], alphas: [Float], bases: CodeBases, layout: CodeLayout) {
        self.bases = bases
        self.layout = layout
        queries = bases.versions.map { SignQueries(values.span, alphas: alphas, basis: $0.basis, layout: layout) }
    }

    /// The queries coded for a block.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if the block's version is unknown.
    func queries(for block: RawSpan) throws(StoreError) -> SignQueries {
        queries[try bases.index(of: layout.version(of: block))]
    }
}
