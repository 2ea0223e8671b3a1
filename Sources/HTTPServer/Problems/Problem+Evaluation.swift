internal import Evaluation
internal import IncrementalBias
internal import WireAPI

extension Problem {
    /// The error of an evaluation that can't be done.
    init(_ error: EvaluationError) {
        self = Self.ofCorpus(error) ?? Self.ofQueries(error) ?? Self.ofField(error)
    }

    /// The error of a computation whose response has begun.
    init(computationError error: any Error) {
        switch error {
        case let error as EvaluationError: self.init(error)
        case let problem as Problem: self = problem
        case is CancellationError: self = .stopping
        default: self = .internalError
        }
    }

    /// The errors that the state of the corpus causes.
    private static func ofCorpus(_ error: EvaluationError) -> Problem? {
        switch error {
        case .noImages:
            conflict("no_images", "The corpus has no images; ingest some first.")
        case .noReferences:
            conflict("no_references", "The corpus has no references, so there are no biases; ingest some first.")
        case .tooFewReferences:
            conflict(
                "no_references",
                "The corpus has too few references to take half of them as queries; send 'queries' or ingest more.")
        default: nil
        }
    }

    /// The errors of queries, right images and labels.
    private static func ofQueries(_ error: EvaluationError) -> Problem? {
        switch error {
        case .query(let rejected): query(rejected.index, rejected.reason)
        case .noQueries:
            badRequest("no_queries", "'queries' is empty; send at least one query.")
        case .tooManyQueries(let count, let limit):
            badRequest("too_many_queries", "There are \(count) queries; one evaluation can have \(limit).")
        case .wrongNumberOfAnswers(let answers, let queries):
            badRequest(
                "wrong_answers", "'answers' has \(answers) lists for \(queries) queries; send one for each query.")
        case .tooManyAnswers(let count, let limit):
            badRequest(
                "wrong_answers", "'answers' has \(count) ids; one evaluation can have \(limit). Send fewer queries.")
        case .queryWithoutAnswers(let query):
            badRequest(
                "wrong_answers", "Query \(query) has no right image; name at least one, or leave out the query.")
        case .unknownImages(let field, let first, let count):
            badRequest(
                "unknown_images",
                count == 1
                    ? "'\(field)' has the id '\(first)', which no image has."
                    : "'\(field)' has \(count) ids that no image has; the first is '\(first)'.")
        case .tooFewLabels:
            badRequest("bad_groups", "'groups' has fewer than two labels; there is nothing to compare.")
        default: nil
        }
    }

    /// The errors of other fields.
    private static func ofField(_ error: EvaluationError) -> Problem {
        switch error {
        case .fieldWithoutQueries(let field):
            badRequest("missing_field", "'\(field)' needs 'queries'.")
        case .fieldWithoutAnswers(let field):
            badRequest("missing_field", "'\(field)' needs 'answers'.")
        case .kOutOfRange(let k, let capacity):
            badRequest(
                "bad_ks", "'ks' has \(k); it must be from 1 to \(capacity), the capacity of the heaps of this store.")
        case .alphaOutOfRange(let alpha):
            badRequest("bad_alphas", "'alphas' has \(alpha); it must be from 0 to 1000.")
        case .wrongNumberOfValues(let field, let count, let limit):
            badRequest("bad_\(field)", "'\(field)' has \(count) values; it must have from 1 to \(limit).")
        case .outOfRange(let field, let value, let range):
            badRequest(
                "bad_\(field)",
                "'\(field)' is \(value); it must be from \(range.lowerBound) to \(range.upperBound).")
        case .groupSizeTooLarge(let size, let queries, let limit):
            badRequest(
                "bad_group_sizes",
                "'group_sizes' has \(size); with \(queries) queries it can be \(limit) at most. Send a smaller one, or "
                    + "fewer queries.")
        case .notAMoment(let text):
            badRequest(
                "bad_since",
                "'since' is '\(text)'; it must be a generation, or a time such as 2026-11-28T12:30:00Z.")
        case .tooManyPairs(let queries, let pairs, let limit):
            badRequest(
                "too_many_pairs",
                "\(queries) queries x \(pairs) pairs of k and alpha are more than \(limit); send fewer of either.")
        default: .internalError
        }
    }
}
