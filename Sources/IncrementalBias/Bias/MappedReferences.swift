/// The mapped vectors of all references, for comparison with images; valid as `MappedValues` are.
struct MappedReferences: Sendable {
    let rows: StoreState.Rows
    var vectors: MappedVectors
    /// The references' codes, where a search by codes is faster.
    let coded: CodedReferences?
}
