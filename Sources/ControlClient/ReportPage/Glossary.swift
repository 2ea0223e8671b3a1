internal import WireAPI

/// The words of the page, explained for a reader who has never seen them.
struct Glossary {
    private let report: EvaluationReport

    init(_ report: EvaluationReport) {
        self.report = report
    }

    private static let entries: [(word: String, meaning: String)] = [
        (
            "NNN",
            "Nearest Neighbor Normalization: subtracts from the score of an image its bias, which is alpha times the mean "
                + "of its k largest similarities to references."
        ),
        ("image", "What searches find: a picture, a product, a word, a text."),
        ("reference", "A typical query, from which biases are computed."),
        ("R@n", "The share of queries for which a right image is among the first n."),
        ("MRR", "The mean over the queries of 1 / rank of the first right image."),
        ("N_10", "How often an image is in the top 10 of the queries."),
        ("hub", "An image with a large N_10: it appears for many queries, also for those that it does not answer."),
        (
            "95% interval",
            "The range in which 95 of 100 results would lie if other queries of the same kind were taken."
        ),
        ("skewness", "How long the tail of N_10 is: near 0 without hubs."),
        (
            "Robin Hood index",
            "The share of all places in top 10s that would have to move until all images had equally many."
        ),
        (
            "robust z-score",
            "How far the mean of an image is above the median of all, in units of their usual distance from it."
        ),
    ]

    /// The words of parts that not every page has.
    private var further: [(word: String, meaning: String)] {
        var entries: [(String, String)] = []
        if report.methods.contains(where: { $0.parameters != nil }) {
            entries.append(
                (
                    "Distribution Normalization, CSLS, inverted softmax, QB-Norm, DualIS",
                    "Other published methods against hubs, each with the parameters that are best for these answers."
                ))
        }
        if report.methods.contains(where: { $0.groups != nil && $0.averagePrecision != nil }) {
            entries.append(
                (
                    "average precision",
                    "For each right image the share of right images up to its rank; the mean over the right images, and "
                        + "then over the queries."
                ))
        }
        return entries
    }

    var markup: Markup {
        .element(
            "section", ["aria-labelledby": "section-words"],
            [
                .element("h2", ["id": "section-words"], text: "Words"),
                .element(
                    "dl", ["class": "words"],
                    (Self.entries + further).flatMap { entry in
                        [Markup.element("dt", text: entry.word), Markup.element("dd", text: entry.meaning)]
                    }),
            ])
    }
}
