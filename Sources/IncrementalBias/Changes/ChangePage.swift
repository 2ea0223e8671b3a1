/// A change of an image that the change feed sends: the image's latest state.
package struct ImageChange: Equatable, Sendable {
    /// What has changed since the state that the consumer knows.
    package enum Kind: String, Sendable {
        /// The image was added or replaced.
        case upsert
        /// Only the mean has changed.
        case mean
        /// The image was deleted; the consumer need not have known it.
        case delete
    }

    package let kind: Kind
    package let id: String
    /// The mean of the image's k largest similarities; `nil` for a deleted image.
    package let mean: Float?
    /// The stored vector of an image that was added or replaced; `nil` if it was not asked for.
    package internal(set) var vector: [Float]?
}

/// A page of the change feed, from one snapshot.
package struct ChangePage: Sendable {
    /// At most one change for each id.
    package let changes: [ImageChange]
    /// What the consumer knows after the page.
    package let cursor: ChangeCursor
    /// Whether there are further changes; if false, the consumer knows the whole corpus of ``generation``.
    package let hasMore: Bool
    /// Whether there are images of which the consumer knows nothing yet.
    ///
    /// As long as there are, pages have no others.
    package let isInitial: Bool
    /// The generation of the snapshot.
    package let generation: UInt64
    /// The dimension of the vectors; 0 in an empty corpus.
    package let dimension: Int
    /// The number of similarities that a mean averages.
    package let k: Int
    /// The number of images in the corpus.
    package let images: Int
}

/// The reasons why the change feed can't answer.
package enum ChangeFeedError: Error, Equatable, Sendable {
    /// The setting of the change log's size is 0.
    case off
    /// The log does not reach back to the cursor any more.
    case expired(oldest: UInt64)
    /// The cursor is not from this store, or from the time after the backup from which it was restored.
    case foreign
}
