internal import Foundation
internal import Synchronization

/// A fixed team of threads that works through numbered pieces of work.
///
/// The cooperative pool of Swift concurrency stays free: long computations run here.
final class WorkerPool: Sendable {
    /// How many threads there are.
    let threads: Int
    private let team: Team
    private let before: @Sendable () throws -> Void

    /// Starts threads.
    ///
    /// - Parameters:
    ///   - threads: how many; at least one is started.
    ///   - name: what they are called.
    ///   - before: is called before each piece of work, by the thread that does it; where it throws, the work ends.
    init(threads: Int, name: String, before: @escaping @Sendable () throws -> Void = {}) {
        self.threads = max(1, threads)
        self.before = before
        team = Team()
        for _ in 0..<self.threads {
            NamedThread.start(name) { [team] in team.work() }
        }
    }

    deinit {
        team.stop()
    }

    /// Does within a long piece of work what is done before each one.
    func advance() throws {
        try before()
    }

    /// Calls `body` for each number below `count`, rising, on all threads at once; returns when all are done.
    ///
    /// - Parameters:
    ///   - count: how many pieces of work there are.
    ///   - state: makes what one thread keeps between its pieces (scratch memory, results).
    ///   - body: does one piece. A thread that starts a piece later than another gets a higher number.
    /// - Returns: the states of the threads that took part, in no order.
    /// - Throws: the first error thrown by `state`, `body` or what is called before; pieces not yet started are then left out.
    func run<State>(
        count: Int, state: @Sendable () throws -> State, body: @Sendable (inout State, Int) throws -> Void
    ) throws -> [State] {
        guard count > 0 else { return [] }
        let (outcome, before) = (Outcome<State>(), before)
        withoutActuallyEscaping(state) { state in
            withoutActuallyEscaping(body) { body in
                team.assign(threads: threads) {
                    do {
                        var index = outcome.next()
                        guard index < count else { return }
                        var own = try state()
                        while index < count {
                            try before()
                            try body(&own, index)
                            index = outcome.next()
                        }
                        outcome.add(own)
                    } catch {
                        outcome.fail(error, skipping: count)
                    }
                }
            }
        }
        return try outcome.result()
    }
}

/// What the threads of one run have reached.
private final class Outcome<State>: @unchecked Sendable {
    // Sendable: `states` and `failure` are touched under the lock only, and each state by one thread at a time.
    private let position = Atomic<Int>(0)
    private let lock = NSLock()
    private var states: [State] = []
    private var failure: (any Error)?

    func next() -> Int { position.add(1, ordering: .relaxed).oldValue }

    func add(_ state: State) {
        lock.withLock { states.append(state) }
    }

    func fail(_ error: any Error, skipping count: Int) {
        position.store(count, ordering: .relaxed)
        lock.withLock { failure = failure ?? error }
    }

    func result() throws -> [State] {
        try lock.withLock {
            if let failure { throw failure }
            return states
        }
    }
}

/// The threads' side: waits for an assignment, does it, says so.
private final class Team: @unchecked Sendable {
    // Sendable: all state is touched under the condition's lock only.
    private let oneAtATime = NSLock()
    private let condition = NSCondition()
    private var assignment: (@Sendable () -> Void)?
    private var number = 0
    private var unfinished = 0
    private var stopping = false

    func assign(threads: Int, _ work: @escaping @Sendable () -> Void) {
        oneAtATime.lock()
        defer { oneAtATime.unlock() }
        condition.lock()
        defer { condition.unlock() }
        assignment = work
        number += 1
        unfinished = threads
        condition.broadcast()
        while unfinished > 0 { condition.wait() }
        assignment = nil
    }

    func work() {
        var done = 0
        condition.lock()
        defer { condition.unlock() }
        while true {
            while number == done, !stopping { condition.wait() }
            if stopping { return }
            done = number
            let work = assignment
            condition.unlock()
            work?()
            condition.lock()
            unfinished -= 1
            if unfinished == 0 { condition.broadcast() }
        }
    }

    func stop() {
        condition.withLock {
            stopping = true
            condition.broadcast()
        }
    }
}
