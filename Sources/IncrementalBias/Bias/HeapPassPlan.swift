/// How one pass over the images applies a change of the references.
struct HeapPassPlan: Sendable {
    let change: ReferenceChange
    /// Whether the pass writes the heaps that change.
    ///
    /// Otherwise it records pending entries. Entries take less time and space unless nearly every page of heaps gets as
    /// many as it may have on average.
    let storesHeaps: Bool
    /// Whether the pass must look at every heap.
    ///
    /// Otherwise it reads only the heaps that a new reference enters.
    let readsEveryHeap: Bool
    /// Whether every heap can change, even if no reference enters or leaves it.
    let changesEveryHeap: Bool
    /// The number of images that are processed before results are written.
    let imagesPerBatch: Int

    /// The maximum number of images in a batch.
    private static let maximumImages = 1 << 16
    /// The number of entries that the images of a batch can get, unless the batch has the smallest size.
    private static let entriesPerBatch = 1 << 22

    init(_ change: ReferenceChange, images: StoreState.RowCounts, pending: PendingRuns, layout: StoreLayout) {
        let capacity = layout.settings.capacity
        let removed = change.removed.count
        let leaving = Self.entriesPerImage(removed, of: change.countAfterRemoval + removed, capacity)
        let entering = Self.entriesPerImage(change.addedRows.count, of: change.countAfterRemoval, capacity)
        self.change = change
        storesHeaps = Double(images.count) * (leaving + entering) > Double(pending.maximumEntries)
        // A heap becomes complete if all references that it does not have are removed.
        changesEveryHeap = change.kChanged || (removed > 0 && change.countAfterRemoval <= capacity)
        readsEveryHeap = changesEveryHeap || removed > 0 || storesHeaps
        let entriesPerImage = min(capacity, change.addedRows.count) + min(capacity, removed) + 1
        imagesPerBatch =
            storesHeaps
            ? BiasMaintenance.imagesPerBatch
            : max(BiasMaintenance.imagesPerBatch, min(Self.maximumImages, Self.entriesPerBatch / entriesPerImage))
    }

    /// About how many of `count` references are in a heap, if the corpus has `total`.
    private static func entriesPerImage(_ count: Int, of total: Int, _ capacity: Int) -> Double {
        Double(count) * min(1, Double(capacity) / Double(max(1, total)))
    }
}
