/// Images of a large shard whose vectors, codes and heaps are in the store, and which searches do not find yet.
///
/// ``Corpus/ingest(_:acknowledged:retention:now:)`` makes them visible if it gets this object as the content of a
/// shard. Otherwise they are discarded: when this object is deallocated, or by the next other change of the corpus. To
/// commit them after that, or to another corpus, is a programmer error.
package final class StagedImages: Sendable {
    let dimension: Int
    /// The rows that hold the images.
    let plan: RowPlan
    /// The means and thresholds, which the commit stores.
    ///
    /// Until then they are +infinity in the store, so that searches and maintenance ignore the rows.
    let meansAndThresholds: [ComputedHeaps]
    /// The counters of the store when the heaps were computed; they must not change before the commit.
    let state: StoreState
    /// The number of the staging; see ``CorpusWriter/beginStaging()``.
    let number: Int
    private weak let writer: CorpusWriter?

    init(
        dimension: Int, plan: RowPlan, meansAndThresholds: [ComputedHeaps], state: StoreState, number: Int,
        writer: CorpusWriter
    ) {
        self.dimension = dimension
        self.plan = plan
        self.meansAndThresholds = meansAndThresholds
        self.state = state
        self.number = number
        self.writer = writer
    }

    deinit {
        // If this fails, the next start of the daemon removes the rows.
        try? writer?.discardStaged(number)
    }

    /// Whether `writer` staged these images.
    func isFrom(_ writer: CorpusWriter) -> Bool { self.writer === writer }
}
