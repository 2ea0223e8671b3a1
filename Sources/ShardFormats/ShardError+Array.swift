/// Errors about the array of vectors.
///
/// Rows are counted from 0.
extension ShardError {
    /// The dimension of the vectors is `found`, and that of the corpus is `expected`.
    package static func wrongDimension(found: Int, expected: Int) -> ShardError {
        ShardError(
            code: .wrongDimension,
            message: "The vectors have \(found) numbers each, and the vectors of the corpus have \(expected).",
            advice: "Use the model of the corpus, or start another corpus for this model.")
    }

    /// These rows contain only zeros, and the metric is cosine.
    package static func zeroVector(rows: [Int]) -> ShardError {
        ShardError(
            code: .zeroVector,
            message: "\(Excerpt.have(rows)) only zeros, and a vector of zeros has no cosine similarity.",
            advice: "Leave these rows out, or find out why the model produced zeros.", rows: rows)
    }

    /// The norms of these rows, or numbers in them, are too large for the metric and the precision of the store.
    package static func normTooLarge(rows: [Int]) -> ShardError {
        ShardError(
            code: .normTooLarge, message: "\(Excerpt.have(rows)) numbers so large that similarities would overflow.",
            advice: "Scale or normalise the vectors.", rows: rows)
    }

    /// These rows contain NaN, an infinity, or a number beyond the range of float32.
    package static func notFinite(rows: [Int]) -> ShardError {
        ShardError(
            code: .notFinite, message: "\(Excerpt.have(rows)) a number that is NaN, infinite or too large for float32.",
            advice: "Leave these rows out, or find out why the model produced such numbers.", rows: rows)
    }

    /// The array has a shape that no array of vectors can have.
    ///
    /// - Parameter reason: what is wrong, as the end of a sentence, for example "a size is negative".
    static func badShape(_ reason: String) -> ShardError {
        ShardError(
            code: .badShape, message: "The shape is wrong: \(reason).",
            advice: "Save one two-dimensional array, a row for each vector.")
    }

    static let overflowingShape = badShape("the product of its sizes is larger than any file")

    static let noRows = ShardError(
        code: .noRows, message: "The array has no rows.", advice: "Write shards with at least one row.")

    static let noDimension = ShardError(
        code: .noDimension, message: "The rows of the array have no numbers.",
        advice: "Save one two-dimensional array, a row for each vector.")

    static let missingArray = ShardError(
        code: .missingArray, message: "The file holds no array of vectors.",
        advice: "Save the vectors as an array named embeddings.")

    static func ambiguousArray(count: Int) -> ShardError {
        ShardError(
            code: .ambiguousArray, message: "The file holds \(count) arrays besides ids, and none is named embeddings.",
            advice: "Name the array of vectors embeddings, or leave the other arrays out.")
    }
}
