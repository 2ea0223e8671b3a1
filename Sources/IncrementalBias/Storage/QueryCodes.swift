internal import VectorMath

/// Queries that are coded for blocks of any version.
struct QueryCodes: Sendable {
    private let bases: CodeBases
    private let layout: CodeLayout
    /// The queries coded with each of `bases`.
    private let queries: [CodedQueries]

    /// Encodes queries.
    ///
    /// - Parameters:
    ///   - values: the queries or references, count x dimension.
    ///   - alphas: for each of them the weight of the means in its scores.
    ///   - bases: the bases of the blocks that the queries can be compared with.
    ///   - layout: the layout of these blocks.
    ///   - kinds: the kinds of scans that the queries can be used for.
    init(
        _ values: [Float], alphas: [Float], bases: CodeBases, layout: CodeLayout, for kinds: [CodedQueries.ScanKind]
    ) {
        self.bases = bases
        self.layout = layout
        queries = bases.versions.map { _, basis in
            CodedQueries(values.span, .reference, alphas: alphas, basis: basis, layout: layout, for: kinds)
        }
    }

    /// The queries coded for a block.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if the block's version is unknown.
    func queries(for block: RawSpan) throws(StoreError) -> CodedQueries {
        queries[try bases.index(of: layout.version(of: block))]
    }
}
