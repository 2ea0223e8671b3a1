package import IncrementalBias
package import ShardFormats

extension ShardError {
    /// Converts a rejection by the corpus to an error with a code, a message and advice for the error document.
    package init(_ rejection: ShardRejection) {
        switch rejection {
        case .wrongDimension(let found, let expected): self = .wrongDimension(found: found, expected: expected)
        case .dimensionTooLarge(let found):
            self.init(
                code: .badShape, message: "The vectors have \(found) numbers; a vector may have 65536.",
                advice: "Use embeddings of fewer dimensions.")
        case .zeroVectors(let rows): self = .zeroVector(rows: rows)
        case .tooLarge(let rows): self = .normTooLarge(rows: rows)
        }
    }
}
