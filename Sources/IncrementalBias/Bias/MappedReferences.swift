/// All references, prepared for comparison with images.
struct MappedReferences: Sendable {
    let counts: StoreState.RowCounts
    /// The vectors, in place in LMDB's memory map.
    ///
    /// In a write transaction they are valid until its next write.
    var vectors: MappedVectors
    /// The codes; `nil` if a search by products is faster.
    let codes: CodedReferences?
}
