package import IncrementalBias
package import ShardFormats

extension ShardError {
    /// Converts the reason why imported heaps can't be used to an error for the error document.
    package init(_ fault: HeapFault) {
        switch fault {
        case .otherImages(let found, let expected): self = .heapsOfOtherImages(found: found, expected: expected)
        case .otherReferenceCount(let found, let expected):
            self = .staleHeaps(
                "The heaps were computed from \(found) references, and the corpus has \(expected).")
        case .unknownReference:
            self = .staleHeaps("The heaps have a reference that is not in the corpus.")
        case .otherReferences:
            self = .staleHeaps(
                "The heaps were computed from other references, other vectors of them, or with another metric or "
                    + "precision.")
        case .tooShort(let found, let expected): self = .tooShortHeaps(found: found, expected: expected)
        case .repeatedReferences(let rows): self = .wrongHeaps(rows: rows, fault: "a heap with a reference twice")
        case .wrongSimilarities(let rows):
            self = .wrongHeaps(
                rows: rows, fault: "a heap whose similarities are not those of the image to the references")
        case .missingReferences(let rows):
            self = .wrongHeaps(rows: rows, fault: "a heap that lacks references with larger similarities")
        }
    }
}
