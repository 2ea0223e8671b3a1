package import ShardFormats
package import WireAPI

/// A search for all queries of a file, in one or more requests.
package struct BatchedSearch {
    private let batches: QueryBatches

    /// - Parameters:
    ///   - queries: a query in each row.
    ///   - topK: the number of images to find for each query.
    package init(_ queries: Matrix, topK: Int) {
        batches = QueryBatches(queries, topK: topK)
    }

    /// Sends the requests one after the other.
    ///
    /// - Parameters:
    ///   - search: sends one batch to the daemon and returns its response.
    ///   - body: is called with the rows of each batch in the file and with the response to them, in order.
    /// - Returns: the generations of the responses, in rising order; more than one if the corpus changed in between.
    /// - Throws: what `search` and `body` throw, and ``Failure`` if a response does not have one result for each query.
    ///   If there are several batches, the detail of a `Problem` names the first query of its batch.
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
