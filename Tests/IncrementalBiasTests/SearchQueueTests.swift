import Dispatch
import IncrementalBias
import Synchronization
import Testing

/// Which requests share a scan, and which the queue rejects.
struct SearchQueueTests {
    private struct Failure: Error {}

    /// Stands in for the search of a corpus: answers without hits, and only after ``allow(_:)``.
    ///
    /// Tests tell batches apart by their `topK`.
    private final class Scanner: Sendable {
        private let scans = Mutex<[[Int]]>([])
        private let permits = DispatchSemaphore(value: 0)
        /// Batches with this `topK` have a query that can't be answered.
        static let rejected = 13
        /// A scan with a batch of this `topK` fails.
        static let failing = 666

        /// For each scan the `topK` of the batches that shared it.
        var shared: [[Int]] { scans.withLock { $0 } }

        /// Lets `count` scans finish.
        func allow(_ count: Int) { for _ in 0..<count { permits.signal() } }

        func scan(
            _ batches: [SearchBatch]
        ) throws -> (
            generation: UInt64, results: [Result<[[SearchHit]], RejectedQuery>], accuracies: [SearchAccuracy?]
        ) {
            scans.withLock { $0.append(batches.map(\.topK)) }
            permits.wait()
            if batches.contains(where: { $0.topK == Self.failing }) { throw Failure() }
            let results = batches.map { batch -> Result<[[SearchHit]], RejectedQuery> in
                if batch.topK == Self.rejected { return .failure(RejectedQuery(index: 1, reason: .notFinite)) }
                return .success(Array(repeating: [], count: batch.count))
            }
            return (UInt64(batches.count), results, batches.map { _ in nil })
        }
    }

    private let scanner = Scanner()

    private func queue(queriesPerScan: Int = 100, capacity: Int = 100) -> SearchQueue {
        SearchQueue(queriesPerScan: queriesPerScan, capacity: capacity) { [scanner] in try scanner.scan($0) }
    }

    private func batch(_ topK: Int, queries: Int = 1) -> SearchBatch {
        SearchBatch(vectors: Array(repeating: 1, count: 2 * queries), count: queries, topK: topK, alpha: 0)
    }

    /// Sends a request, and waits until the queue scans it.
    ///
    /// The scan goes on until ``Scanner/allow(_:)``.
    private func occupy(_ queue: SearchQueue) async throws -> Task<SearchQueue.Answer, any Error> {
        let first = Task { try await queue.search(batch(1)) }
        while scanner.shared.isEmpty { await Task.yield() }
        return first
    }

    /// Sends a request, and returns when it is in the queue.
    private func send(
        _ topK: Int, queries: Int = 1, to queue: SearchQueue
    ) async -> Task<SearchQueue.Answer, any Error> {
        let before = queue.load.waiting
        let task = Task { try await queue.search(batch(topK, queries: queries)) }
        while queue.load.waiting < before + queries { await Task.yield() }
        return task
    }

    @Test func requestsThatComeDuringAScanShareTheNext() async throws {
        let queue = queue()
        let first = try await occupy(queue)
        #expect(queue.load == (0, true))
        let second = await send(2, queries: 3, to: queue)
        let third = await send(3, to: queue)
        #expect(queue.load == (4, true))
        scanner.allow(2)
        #expect(try await first.value.hits.count == 1)
        #expect(try await second.value.hits.count == 3)
        #expect(try await third.value.generation == 2)
        #expect(scanner.shared == [[1], [2, 3]])
    }

    @Test func aScanTakesNoMoreQueriesThanItMay() async throws {
        let queue = queue(queriesPerScan: 3)
        let first = try await occupy(queue)
        let large = await send(2, queries: 5, to: queue)
        let small = await send(3, queries: 2, to: queue)
        let last = await send(4, queries: 2, to: queue)
        scanner.allow(4)
        for task in [first, large, small, last] { _ = try await task.value }
        #expect(scanner.shared == [[1], [2], [3], [4]])
    }

    @Test func aFullQueueIsOverloaded() async throws {
        let queue = queue(capacity: 2)
        let first = try await occupy(queue)
        let second = await send(2, queries: 2, to: queue)
        await #expect(throws: SearchQueue.Rejection.overloaded) { try await queue.search(batch(3)) }
        scanner.allow(2)
        _ = try await (first.value, second.value)
    }

    @Test func oneRequestMayHaveMoreQueriesThanCanWait() async throws {
        let queue = queue(capacity: 2)
        let first = try await occupy(queue)
        let large = await send(2, queries: 10, to: queue)
        scanner.allow(2)
        _ = try await first.value
        #expect(try await large.value.hits.count == 10)
    }

    @Test func aClosedQueueAnswersTheRequestsThatWaitAndRejectsOthers() async throws {
        let queue = queue()
        let first = try await occupy(queue)
        let second = await send(2, to: queue)
        queue.close()
        await #expect(throws: SearchQueue.Rejection.closed) { try await queue.search(batch(3)) }
        scanner.allow(2)
        _ = try await (first.value, second.value)
    }

    @Test func aRejectedQueryConcernsItsRequestOnly() async throws {
        let queue = queue()
        let first = try await occupy(queue)
        let wrong = await send(Scanner.rejected, queries: 2, to: queue)
        let right = await send(2, to: queue)
        scanner.allow(2)
        _ = try await first.value
        await #expect(throws: SearchQueue.Rejection.query(1, .notFinite)) { try await wrong.value }
        #expect(try await right.value.hits.count == 1)
        #expect(scanner.shared == [[1], [Scanner.rejected, 2]])
    }

    @Test func aScanThatFailsFailsAllItsRequests() async throws {
        let queue = queue()
        let first = try await occupy(queue)
        let tasks = [await send(Scanner.failing, to: queue), await send(2, to: queue)]
        scanner.allow(2)
        _ = try await first.value
        for task in tasks { await #expect(throws: Failure.self) { try await task.value } }
    }

    @Test func aBatchOfVectorsOfDifferentDimensionsIsRejected() throws {
        let batch = try SearchBatch(queries: [[1, 2], [3, 4]], topK: 5, alpha: 1)
        #expect(batch.vectors == [1, 2, 3, 4])
        #expect((batch.count, batch.dimension) == (2, 2))
        #expect(throws: RejectedQuery(index: 1, reason: .differsFromFirst(found: 1, first: 2))) {
            try SearchBatch(queries: [[1, 2], [3]], topK: 5, alpha: 1)
        }
    }
}
