/// Images of a large shard that lie in the store already, in rows where nothing looks before the commit of the shard.
///
/// See ``Corpus/stage(ids:from:rowsPerPiece:)``.
package struct StagedImages: Sendable {
    let dimension: Int
    let plan: RowPlan
    /// What searches find images by, which the commit writes.
    let columns: [HeapChanges]
    /// The state of the store that the images were staged for.
    let state: StoreState
}

/// Where the vectors of a large shard come from, a few at a time.
package protocol VectorSource: AnyObject, Sendable {
    var rows: Int { get }
    var dimension: Int { get }

    /// The next vectors: `count` x dimension, finite.
    ///
    /// - Throws: why there are none, or none that can be used.
    func read(rows count: Int) throws -> [Float]
}
