internal import LMDB

extension Corpus {
    /// Finds the best images for the queries of some batches, in one scan of one snapshot.
    ///
    /// The score of an image is its similarity to the query minus alpha times the mean of its k largest similarities to
    /// references (Nearest Neighbor Normalization, arXiv 2410.24114). The ranking is exact.
    ///
    /// - Returns: the snapshot's generation, and for each batch the hits of each query or the first query that can't be
    ///   answered.
    /// - Throws: `LMDBError` where the store can't be read, ``StoreError/damaged(_:)``.
    package func search(_ batches: [SearchBatch]) throws -> (
        generation: UInt64, results: [Result<[[SearchHit]], RejectedQuery>]
    ) {
        try priority.search {
            try environment.read { transaction in
                try BatchSearch(settings: settings, tables: tables, pool: searchPool).run(batches, in: transaction)
            }
        }
    }
}

extension SearchQueue {
    /// Starts a queue that searches `corpus`.
    ///
    /// - Parameters:
    ///   - queriesPerScan: the largest number of queries in one scan, unless one request alone has more.
    ///   - capacity: the largest number of queries that wait, unless one request alone has more.
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
