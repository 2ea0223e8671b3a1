import Dispatch
import IncrementalBias
import Synchronization
import Testing

/// The distribution of pieces to the threads of a pool, and its errors.
struct WorkerPoolTests {
    private struct Failure: Error {}

    private final class Counter: Sendable {
        private let count = Atomic(0)
        func add() { count.add(1, ordering: .relaxed) }
        var value: Int { count.load(ordering: .relaxed) }
    }

    @Test(arguments: [1, 2, 8]) func everyPieceIsDoneOnce(threads: Int) throws {
        let pool = WorkerPool(threads: threads, name: "test")
        for count in [1, 7, 5000] {
            let states = try pool.run(count: count) {
                [Int]()
            } body: {
                $0.append($1)
            }
            #expect(states.count <= threads)
            #expect(states.flatMap(\.self).sorted() == Array(0..<count))
            // The pieces of one thread come in rising order.
            #expect(states.allSatisfy { $0 == $0.sorted() })
        }
    }

    @Test func noPiecesNeedNoState() throws {
        let states = try WorkerPool(threads: 2, name: "test").run(count: 0) {
            throw Failure()
        } body: { (_: inout Int, _) in
        }
        #expect(states.isEmpty)
    }

    @Test func aPoolHasAtLeastOneThread() throws {
        let pool = WorkerPool(threads: 0, name: "test")
        #expect(pool.threads == 1)
        #expect(
            try pool.run(count: 3) {
                0
            } body: { sum, piece in
                sum += piece
            } == [3])
    }

    @Test func anErrorLeavesOutThePiecesThatHaveNotStarted() throws {
        let (pool, done) = (WorkerPool(threads: 1, name: "test"), Counter())
        #expect(throws: Failure.self) {
            try pool.run(count: 100) {
            } body: { _, piece in
                if piece == 4 { throw Failure() }
                done.add()
            }
        }
        #expect(done.value == 4)
        let states = try pool.run(count: 10) {
            0
        } body: { count, _ in
            count += 1
        }
        #expect(states == [10], "the pool works on after an error")
    }

    @Test func anErrorOnOneOfManyThreadsIsThrown() {
        let pool = WorkerPool(threads: 4, name: "test")
        #expect(throws: Failure.self) {
            try pool.run(count: 1000) {
            } body: { _, piece in
                if piece == 500 { throw Failure() }
            }
        }
    }

    @Test func theStateOfAThreadCanFail() {
        let pool = WorkerPool(threads: 2, name: "test")
        #expect(throws: Failure.self) {
            try pool.run(count: 10) {
                throw Failure()
            } body: { (_: inout Int, _) in
            }
        }
    }

    @Test func beforeEachPieceIsCalledForEachPieceAndItsErrorEndsTheRun() throws {
        let (calls, done) = (Counter(), Counter())
        let pool = WorkerPool(threads: 1, name: "test") {
            calls.add()
            if calls.value > 20 { throw Failure() }
        }
        _ = try pool.run(count: 20) {
        } body: { _, _ in
            done.add()
        }
        #expect((calls.value, done.value) == (20, 20))
        #expect(throws: Failure.self) {
            try pool.run(count: 5) {
            } body: { _, _ in
                done.add()
            }
        }
        #expect(done.value == 20)
    }

    @Test func aPieceCanRunOnAnotherPool() throws {
        let (outer, inner) = (WorkerPool(threads: 2, name: "outer"), WorkerPool(threads: 2, name: "inner"))
        let states = try outer.run(count: 20) {
            [Int]()
        } body: { sums, piece in
            sums.append(
                try inner.run(count: 10) {
                    0
                } body: {
                    $0 += $1
                }.reduce(piece * 1000, +))
        }
        #expect(states.flatMap(\.self).sorted() == (0..<20).map { $0 * 1000 + 45 })
    }

    @Test func runsOfSeveralCallersFollowOneAnother() throws {
        let pool = WorkerPool(threads: 2, name: "test")
        let (done, right) = (DispatchSemaphore(value: 0), Counter())
        for _ in 0..<4 {
            NamedThread.start("caller") {
                let states = try? pool.run(count: 300) {
                    [Int]()
                } body: {
                    $0.append($1)
                }
                if states?.flatMap(\.self).sorted() == Array(0..<300) { right.add() }
                done.signal()
            }
        }
        for _ in 0..<4 { done.wait() }
        #expect(right.value == 4)
    }
}
