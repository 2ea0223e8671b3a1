internal import LMDB

extension Corpus {
    /// Finds the images with the highest scores for all queries of `batches`, in one scan of one snapshot.
    ///
    /// The score of an image is its similarity to the query minus alpha times the mean of its k largest similarities to
    /// references (Nearest Neighbor Normalization, arXiv 2410.24114). The ranking is exact, unless a batch asks for a
    /// recall below 1.
    ///
    /// - Returns: the generation of the snapshot, and one result for each batch: the hits of each query, or the first
    ///   query of the batch that can't be answered. For each batch that asks for a recall below 1 also how it was
    ///   answered.
    /// - Throws: `LMDBError` if the store can't be read; ``StoreError/damaged(_:)``.
    package func search(_ batches: [SearchBatch]) throws -> (
        generation: UInt64, results: [Result<[[SearchHit]], RejectedQuery>], accuracies: [SearchAccuracy?]
    ) {
        let found = try priority.search {
            try environment.read { transaction in
                try BatchSearch(settings: settings, tables: tables, pool: searchPool, recall: recall)
                    .run(batches, in: transaction)
            }
        }
        observer?.scanned(found.statistics)
        return (found.generation, found.results, found.accuracies)
    }
}

extension SearchQueue {
    /// Creates a queue that searches `corpus`, and starts its thread.
    ///
    /// - Parameters:
    ///   - queriesPerScan: the maximum number of queries in one scan; a single request with more gets a scan of its
    ///     own.
    ///   - capacity: the maximum number of waiting queries; a single request with more is accepted if no other waits.
    package convenience init(_ corpus: Corpus, queriesPerScan: Int = 1024, capacity: Int = 65_536) {
        self.init(queriesPerScan: queriesPerScan, capacity: capacity) { batches in
            corpus.observer?.scanBegan()
            defer {
                corpus.observer?.scanEnded(requests: batches.count, queries: batches.reduce(0) { $0 + $1.count })
            }
            return try corpus.search(batches)
        }
    }
}
