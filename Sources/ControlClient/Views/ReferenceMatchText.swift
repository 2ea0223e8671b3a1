internal import WireAPI

/// Sentences about how well the references match the queries.
struct ReferenceMatchText {
    private let match: ReferenceMatchStatus

    init(_ match: ReferenceMatchStatus) {
        self.match = match
    }

    /// How far queries are from the references.
    var distance: String {
        "farther from the references than these from each other in \(NumberFormat.percent(match.farther))% of pairs "
            + "(alike: 50%); \(NumberFormat.count(match.queries, "query", "queries"))"
    }

    /// What the references of the last hour change.
    var change: String {
        let new = NumberFormat.count(match.newReferences, "reference", "references")
        guard let changed = match.changed else {
            return "\(new) of the last hour; their effect took too long to compute"
        }
        return "\(NumberFormat.percent(changed))% of the top 10 differ because of \(new) of the last hour"
    }
}
