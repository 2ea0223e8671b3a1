/// Errors about heaps that a shard brings with it.
///
/// Rows are counted from 0.
extension ShardError {
    private static let recompute =
        "Compute the heaps again from these images and the references that the corpus has, or drop the shard without "
        + "heaps."

    /// The file of heaps breaks a rule.
    ///
    /// - Parameter reason: what is wrong, as a sentence.
    package static func malformedHeaps(_ reason: String) -> ShardError {
        ShardError(
            code: .heapsMalformed, message: reason,
            advice: "Write the file with nnnd.Heaps, or drop the shard without heaps.")
    }

    /// A shard of references has a file of heaps.
    package static let heapsOfReferences = malformedHeaps("Only images have heaps, and this is a shard of references.")

    /// There are heaps for `found` images, and the shard has `expected`.
    package static func heapsOfOtherImages(found: Int, expected: Int) -> ShardError {
        ShardError(
            code: .heapsOtherImages, message: "There are heaps for \(found) images, and the shard has \(expected).",
            advice: "Drop each shard with its own heaps, or without heaps.")
    }

    /// The heaps were computed from other references.
    ///
    /// - Parameter reason: how they differ, as a sentence.
    package static func staleHeaps(_ reason: String) -> ShardError {
        ShardError(code: .heapsStale, message: reason, advice: recompute)
    }

    /// The heaps have `found` references each, and need more than `expected`, unless they have all references.
    package static func tooShortHeaps(found: Int, expected: Int) -> ShardError {
        ShardError(
            code: .heapsTooShort,
            message: "The heaps have \(found) references each, and the means need more than \(expected).",
            advice: "Compute the heaps with the k and the capacity that 'nnnctl status' shows, or drop the shard "
                + "without heaps.")
    }

    /// The heaps of these rows are not those that the vectors give.
    ///
    /// - Parameter fault: what is wrong with them, as the end of a sentence that begins with "Row 3 has".
    package static func wrongHeaps(rows: [Int], fault: String) -> ShardError {
        ShardError(
            code: .heapsWrong, message: "\(Excerpt.have(rows)) \(fault).", advice: recompute, rows: rows)
    }
}
