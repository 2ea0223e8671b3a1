/// Answers search requests on a separate thread, several requests with one scan.
///
/// Requests that arrive during a scan wait, and the next scan answers them together. Each request is answered from one
/// snapshot, which is taken after the request has arrived.
package final class SearchQueue: Sendable {
    /// Answers several batches in one snapshot.
    ///
    /// Returns the generation of the snapshot, and for each batch the hits of its queries, and how it was answered if
    /// it asked for a recall. If a query of the batch can't be answered, the batch has the first such query instead.
    package typealias Search =
        @Sendable ([SearchBatch]) throws -> (
            generation: UInt64, results: [Result<[[SearchHit]], RejectedQuery>], accuracies: [SearchAccuracy?]
        )

    private let requests = RequestQueue()
    private let capacity: Int

    /// The number of queries that wait for a scan, and whether a scan is running or about to begin.
    package var load: (waiting: Int, busy: Bool) { requests.load }

    /// The answer to one request.
    package struct Answer: Sendable {
        /// The generation of the snapshot.
        package let generation: UInt64
        /// For each query the images found, by falling score, and by ascending row if scores are equal.
        package var hits: [[SearchHit]]
        /// How the request was answered; `nil` if it did not ask for a recall below 1.
        package let accuracy: SearchAccuracy?
    }

    /// The errors that ``search(_:)`` throws for a request that can't be answered.
    package enum Rejection: Error, Equatable, Sendable {
        /// A query of the request can't be answered: the index of the first one, and the reason.
        case query(Int, QueryRejection)
        /// The queue is full.
        case overloaded
        /// The queue is closed.
        case closed
    }

    /// Starts the thread that scans.
    ///
    /// - Parameters:
    ///   - queriesPerScan: the maximum number of queries in one scan. A request with more is answered alone.
    ///   - capacity: the maximum number of waiting queries. A request that finds the queue empty can have more.
    ///   - search: answers several batches; called by the queue's thread.
    package init(queriesPerScan: Int = 1024, capacity: Int = 65_536, search: @escaping Search) {
        self.capacity = capacity
        NamedThread.start("search queue") { [requests] in
            while let next = requests.next(queries: queriesPerScan) { Self.answer(next, search) }
        }
    }

    deinit {
        close()
    }

    /// Answers the queries of a batch, all from one snapshot.
    ///
    /// - Throws: ``Rejection``, or the error of the closure `search`.
    package func search(_ batch: SearchBatch) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            let request = RequestQueue.Request(batch: batch) { continuation.resume(with: $0) }
            if let rejection = requests.add(request, capacity: capacity) { continuation.resume(throwing: rejection) }
        }
    }

    /// Rejects all later requests.
    ///
    /// Those that wait are still answered.
    package func close() {
        requests.close()
    }

    private static func answer(_ requests: [RequestQueue.Request], _ search: Search) {
        do {
            let (generation, results, accuracies) = try search(requests.map(\.batch))
            for (request, (result, accuracy)) in zip(requests, zip(results, accuracies)) {
                request.reply(
                    result.map { Answer(generation: generation, hits: $0, accuracy: accuracy) }
                        .mapError { Rejection.query($0.index, $0.reason) })
            }
        } catch {
            for request in requests { request.reply(.failure(error)) }
        }
    }
}
