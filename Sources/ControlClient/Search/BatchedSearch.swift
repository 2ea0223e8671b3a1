package import ShardFormats
package import WireAPI

/// A search for all queries of a file, in as many requests as it takes.
package struct BatchedSearch {
    private let batches: QueryBatches

    /// A search for the rows of a matrix.
    package init(_ queries: Matrix, topK: Int) {
        batches = QueryBatches(queries, topK: topK)
    }

    /// Makes the requests one after the other.
    ///
    /// - Parameters:
    ///   - search: sends the queries of a batch to the daemon.
    ///   - body: is called with the rows of each batch and their answer, in order.
    /// - Returns: the generations that the answers reflect, rising; more than one if the corpus changed in between.
    /// - Throws: what `search` and `body` throw, a `Problem` with the rows of its batch if there are several; and
    ///   ``Failure`` where an answer has another number of results than the request has queries.
    package func run(
        search: (QueryBatch) async throws -> SearchResponse, _ body: (Range<Int>, SearchResponse) throws -> Void
    ) async throws -> [UInt64] {
        var generations: Set<UInt64> = []
        for batch in batches {
            let response: SearchResponse
            do {
                response = try await search(batch)
            } catch var problem as Problem {
                if batches.count > 1 {
                    problem.detail = "In queries \(batch.rows.lowerBound) and up: \(problem.detail)"
                }
                throw problem
            }
            guard response.results.count == batch.rows.count else {
                throw Failure(
                    .internalFault,
                    "nnnd answered \(response.results.count) of \(batch.rows.count) queries of a request")
            }
            generations.insert(response.generation)
            try body(batch.rows, response)
        }
        return generations.sorted()
    }
}
