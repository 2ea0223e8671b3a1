package import IncrementalBias

/// The reasons why an evaluation can't be done.
package enum EvaluationError: Error, Equatable, Sendable {
    /// There are answers, groups or a reference curve without queries: only queries can have them.
    case fieldWithoutQueries(String)
    /// A reference curve or baselines are asked for without answers.
    case fieldWithoutAnswers(String)
    case noQueries
    case tooManyQueries(count: Int, limit: Int)
    case wrongNumberOfAnswers(answers: Int, queries: Int)
    /// The queries have too many right images, all together.
    case tooManyAnswers(count: Int, limit: Int)
    /// A query has no right image.
    case queryWithoutAnswers(Int)
    /// Ids of right images or of labelled images that no image has: the field, the first one, and their number.
    case unknownImages(field: String, first: String, count: Int)
    case kOutOfRange(Int, capacity: Int)
    case alphaOutOfRange(Float)
    /// A list has no values or too many.
    case wrongNumberOfValues(field: String, count: Int, limit: Int)
    /// A whole number is outside of its range.
    case outOfRange(field: String, value: Int, range: ClosedRange<Int>)
    /// The text is neither a generation nor a time.
    case notAMoment(String)
    /// Queries x pairs of k and alpha take too much memory.
    case tooManyPairs(queries: Int, pairs: Int, limit: Int)
    /// Queries x the largest n of group measures take too much memory; the limit is that of n.
    case groupSizeTooLarge(Int, queries: Int, limit: Int)
    /// The groups have fewer than two labels.
    case tooFewLabels
    case noImages
    case noReferences
    /// There are too few references to take some of them as queries.
    case tooFewReferences
    case query(RejectedQuery)
}
