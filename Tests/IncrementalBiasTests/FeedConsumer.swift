import IncrementalBias
import ShardFormats
import Testing

/// A consumer of the change feed: it applies the changes of each page to its copy of the images.
struct FeedConsumer {
    private(set) var cursor = ChangeCursor.start
    private(set) var means: [String: Float] = [:]
    private(set) var vectors: [String: [Float]] = [:]
    /// How often the log no longer had the changes since the cursor, so that all images were read again.
    private(set) var restarts = 0
    /// The changes that were received.
    private(set) var received = 0

    /// Reads a page and applies it.
    ///
    /// - Returns: whether the copy equals the corpus; see ``check(_:_:)``.
    mutating func read(_ corpus: Corpus, limit: Int, _ label: String) throws -> Bool {
        // As a client does: it keeps the cursor as a text.
        let kept = try #require(ChangeCursor(cursor.text))
        #expect(kept == cursor)
        let page: ChangePage
        do {
            page = try corpus.changes(since: kept, limit: limit, includesVectors: true)
        } catch ChangeFeedError.expired {
            let (before, count) = (received, restarts)
            self = FeedConsumer()
            (received, restarts) = (before, count + 1)
            return false
        }
        #expect(Set(page.changes.map(\.id)).count == page.changes.count, "\(label): an id is twice on a page")
        for change in page.changes {
            switch change.kind {
            case .upsert:
                try #require(change.vector != nil, "\(label): image \(change.id) has no vector")
                vectors[change.id] = change.vector
            case .mean: try #require(vectors[change.id] != nil, "\(label): the mean of an unknown image \(change.id)")
            case .delete: vectors[change.id] = nil
            }
            means[change.id] = change.mean
        }
        received += page.changes.count
        cursor = page.cursor
        if !page.hasMore { try check(corpus, label) }
        return !page.hasMore
    }

    /// Compares the copy with the corpus.
    private func check(_ corpus: Corpus, _ label: String) throws {
        let listed = try corpus.listImages(after: "", limit: 1_000_000).elements
        let expected = Dictionary(uniqueKeysWithValues: listed.map { ($0.id, $0.mean) })
        let wrong = Set(expected.keys).union(means.keys).filter { expected[$0] != means[$0] }
        try #require(wrong.isEmpty, "\(label): the means of the consumer differ: \(wrong.sorted().prefix(3))")
        let ids = listed.map(\.id)
        let dimension = try corpus.state().dimension
        let stored = try #require(try corpus.vectors(of: ids, .images, maximumBytes: .max))
        let copied = ids.flatMap { vectors[$0] ?? [] }
        let areEqual = vectors.count == ids.count && copied == stored
        try #require(areEqual, "\(label): the vectors of the consumer differ")
        #expect(copied.count == ids.count * dimension, "\(label)")
    }
}
