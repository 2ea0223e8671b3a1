internal import Foundation

/// The search requests that wait for a scan, in the order of their arrival.
final class RequestQueue: @unchecked Sendable {
    // Sendable: all variables are accessed under the condition's lock only.

    /// A batch of queries, and the closure that is called once with its answer or an error.
    struct Request: Sendable {
        let batch: SearchBatch
        let reply: @Sendable (Result<SearchQueue.Answer, any Error>) -> Void

        init(batch: SearchBatch, reply: @escaping @Sendable (Result<SearchQueue.Answer, any Error>) -> Void) {
            self.batch = batch
            self.reply = reply
        }
    }

    private let condition = NSCondition()
    private var requests: [Request] = []
    /// The number of queries in `requests`.
    private var queries = 0
    private var isClosed = false
    private var isScanning = false

    /// The number of waiting queries, and whether a scan is running or about to begin.
    var load: (waiting: Int, busy: Bool) {
        condition.withLock { (queries, isScanning || !requests.isEmpty) }
    }

    /// Appends a request.
    ///
    /// - Parameter capacity: the maximum number of waiting queries; a request that finds the queue empty can have more.
    /// - Returns: the reason why the queue rejects the request; `nil` if it was added.
    func add(_ request: Request, capacity: Int) -> SearchQueue.Rejection? {
        condition.withLock {
            if isClosed { return .closed }
            if queries > 0, queries + request.batch.count > capacity { return .overloaded }
            requests.append(request)
            queries += request.batch.count
            condition.signal()
            return nil
        }
    }

    /// Removes and returns the requests of the next scan; waits while there are none.
    ///
    /// The scanning thread calls this when its last scan has ended.
    ///
    /// - Parameter limit: the maximum number of queries; the first request is returned even if it alone has more.
    /// - Returns: `nil` if the queue is closed and empty.
    func next(queries limit: Int) -> [Request]? {
        condition.withLock {
            isScanning = false
            while requests.isEmpty, !isClosed { condition.wait() }
            var taken = 0
            var count = 0
            for request in requests {
                if taken > 0, count + request.batch.count > limit { break }
                taken += 1
                count += request.batch.count
            }
            guard taken > 0 else { return nil }
            queries -= count
            isScanning = true
            defer { requests.removeFirst(taken) }
            return Array(requests.prefix(taken))
        }
    }

    /// Rejects all later requests.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }
}
