import Dispatch
import IncrementalBias
import Synchronization
import Testing

/// The queue between a sending and a receiving thread.
struct BoundedQueueTests {
    private struct Failure: Error {}

    /// Runs `body` on a new thread.
    ///
    /// - Returns: a function that waits for the result of `body`, and returns or throws it.
    private func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) -> () throws -> R {
        let (done, result) = (DispatchSemaphore(value: 0), Box<Result<R, any Error>?>(nil))
        NamedThread.start("test") {
            result.value.withLock { $0 = Result { try body() } }
            done.signal()
        }
        return {
            done.wait()
            let outcome = result.value.withLock { $0 }
            return try #require(outcome).get()
        }
    }

    private final class Box<Value: Sendable>: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
    }

    @Test(arguments: [1, 3]) func valuesArriveInOrderAndTheSenderIsAtMostTheLimitAhead(limit: Int) throws {
        let (queue, sent) = (BoundedQueue<Int>(limit: limit), Box(0))
        let sender = onThread {
            for number in 0..<1000 {
                try queue.send(number)
                sent.value.withLock { $0 += 1 }
            }
            queue.finish(.success(()))
        }
        var received = 0
        while let number = try queue.receive() {
            #expect(number == received)
            received += 1
            let sentByNow = sent.value.withLock { $0 }
            #expect(sentByNow <= received + limit)
        }
        try sender()
        #expect(received == 1000)
        #expect(try queue.receive() == nil)
    }

    @Test func anErrorOfTheSenderComesAfterTheLastValue() throws {
        let queue = BoundedQueue<Int>(limit: 2)
        try queue.send(1)
        queue.finish(.failure(Failure()))
        #expect(try queue.receive() == 1)
        #expect(throws: Failure.self) { try queue.receive() }
    }

    @Test func aReceiverWaitsForTheEnd() throws {
        let queue = BoundedQueue<Int>(limit: 1)
        let receiver = onThread { try queue.receive() }
        queue.finish(.success(()))
        #expect(try receiver() == nil)
    }

    @Test func cancelEndsTheSender() throws {
        let queue = BoundedQueue<Int>(limit: 1)
        try queue.send(1)
        let sender = onThread { try queue.send(2) }
        queue.cancel()
        #expect(throws: CancellationError.self) { try sender() }
        #expect(throws: CancellationError.self) { try queue.send(3) }
    }
}
