/// Images of a large shard whose vectors, codes and heaps lie in the store, but which no search finds yet.
///
/// ``Corpus/ingest(_:acknowledged:retention:now:)`` makes them known when it gets them as the content of a shard. Images that
/// are not committed are discarded: with the last reference to this object, or by the next other change of the corpus.
/// Committing them after that, or to another corpus, is a programmer error.
package final class StagedImages: Sendable {
    let dimension: Int
    let plan: RowPlan
    /// The means and thresholds, which make the images known; the commit writes them.
    let columns: [HeapChanges]
    /// The state of the store that the heaps were computed for.
    let state: StoreState
    /// The number that the writer gave to the staging.
    let number: Int
    private weak let writer: CorpusWriter?

    init(
        dimension: Int, plan: RowPlan, columns: [HeapChanges], state: StoreState, number: Int, writer: CorpusWriter
    ) {
        self.dimension = dimension
        self.plan = plan
        self.columns = columns
        self.state = state
        self.number = number
        self.writer = writer
    }

    deinit {
        // What can't be removed now, the next start removes.
        try? writer?.discardStaged(number)
    }

    /// Whether `writer` staged these images.
    func isFrom(_ writer: CorpusWriter) -> Bool { self.writer === writer }
}
