internal import Foundation

/// Brings queries that wait at the same moment together into one scan.
///
/// One thread scans. While it does, more queries gather; the next scan answers all of them. Each request's queries
/// are answered from one snapshot, taken after the request came.
package final class SearchQueue: Sendable {
    private let line = RequestQueue()
    private let capacity: Int

    /// How many queries wait for a scan, and whether one is under way or about to be.
    package var load: (waiting: Int, busy: Bool) { line.load }

    /// What a request gets.
    package struct Answer: Sendable {
        /// The one generation that all of it reflects.
        package let generation: UInt64
        /// What was found for each query: images by falling score, equal scores by rising row.
        package let hits: [[SearchHit]]
    }

    /// Why a request can't be answered.
    package enum Rejection: Error, Equatable, Sendable {
        /// One of its queries can't be: the first of those, and why.
        case query(Int, QueryRejection)
        /// Too many queries wait already.
        case overloaded
        /// The queue has been closed.
        case closed
    }

    /// - Parameters:
    ///   - corpus: where to search.
    ///   - queriesPerScan: how many queries one scan takes at most, if no request alone has more.
    ///   - capacity: how many queries can wait.
    package init(_ corpus: Corpus, queriesPerScan: Int = 1024, capacity: Int = 65_536) {
        self.capacity = capacity
        NamedThread.start("search queue") { [line] in
            while let requests = line.next(queries: queriesPerScan) { Self.scan(requests, corpus) }
        }
    }

    deinit {
        close()
    }

    /// Searches for all of `queries` at once.
    ///
    /// - Throws: ``Rejection``, or `LMDBError` where the store can't be read.
    package func search(_ queries: [SearchQuery]) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            let request = RequestQueue.Request(queries: queries) { continuation.resume(with: $0) }
            if let rejection = line.add(request, capacity: capacity) { continuation.resume(throwing: rejection) }
        }
    }

    /// Takes no more requests; those that wait are answered.
    package func close() {
        line.close()
    }

    private static func scan(_ requests: [RequestQueue.Request], _ corpus: Corpus) {
        let queries = requests.flatMap(\.queries)
        corpus.observer?.scanBegan()
        let found = Result { try corpus.search(queries) }
        corpus.observer?.scanEnded(requests: requests.count, queries: queries.count)
        do {
            let (generation, results) = try found.get()
            var start = 0
            for request in requests {
                let own = results[start..<start + request.queries.count]
                start += request.queries.count
                request.reply(
                    Result {
                        let hits = try own.enumerated().map { index, result in
                            try result.mapError { Rejection.query(index, $0) }.get()
                        }
                        return Answer(generation: generation, hits: hits)
                    })
            }
        } catch {
            for request in requests { request.reply(.failure(error)) }
        }
    }
}

/// The requests that wait.
private final class RequestQueue: @unchecked Sendable {
    // Sendable: all state is touched under the condition's lock only.
    struct Request: Sendable {
        let queries: [SearchQuery]
        let reply: @Sendable (Result<SearchQueue.Answer, any Error>) -> Void
    }

    private let condition = NSCondition()
    private var requests: [Request] = []
    private var queries = 0
    private var closed = false
    private var scanning = false

    var load: (waiting: Int, busy: Bool) {
        condition.withLock { (queries, scanning || !requests.isEmpty) }
    }

    /// - Returns: why the request can't wait, or `nil`.
    func add(_ request: Request, capacity: Int) -> SearchQueue.Rejection? {
        condition.withLock {
            if closed { return .closed }
            if queries > 0, queries + request.queries.count > capacity { return .overloaded }
            requests.append(request)
            queries += request.queries.count
            condition.signal()
            return nil
        }
    }

    /// The requests of the next scan, waiting for one to come; `nil` when closed and empty.
    func next(queries limit: Int) -> [Request]? {
        condition.withLock {
            scanning = false
            while requests.isEmpty, !closed { condition.wait() }
            var taken = 0
            var count = 0
            for request in requests {
                if taken > 0, count + request.queries.count > limit { break }
                taken += 1
                count += request.queries.count
            }
            guard taken > 0 else { return nil }
            queries -= count
            scanning = true
            defer { requests.removeFirst(taken) }
            return Array(requests.prefix(taken))
        }
    }

    func close() {
        condition.withLock {
            closed = true
            condition.broadcast()
        }
    }
}
