internal import Foundation
internal import Synchronization

/// A fixed number of threads that share out numbered pieces of work.
///
/// Long computations run here, so that the cooperative pool of Swift concurrency stays free.
package final class WorkerPool: Sendable {
    /// How many threads the pool has.
    package let threads: Int
    private let team: Team
    private let before: @Sendable () throws -> Void

    /// Starts the threads; they end with the pool.
    ///
    /// - Parameters:
    ///   - threads: how many threads; at least one is started.
    ///   - name: the threads' name.
    ///   - before: called before each piece of work, by the thread that does the piece; an error ends the run.
    package init(threads: Int, name: String, before: @escaping @Sendable () throws -> Void = {}) {
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

    /// Calls the `before` of ``init(threads:name:before:)``, for use within a long piece of work.
    func advance() throws {
        try before()
    }

    /// Calls `body` once for each number below `count`, on all threads at once; returns when all calls have returned.
    ///
    /// Runs of several threads on one pool follow one another. A piece must not start a run on its own pool: it would wait
    /// for itself.
    ///
    /// - Parameters:
    ///   - count: how many pieces of work there are.
    ///   - state: makes the state that one thread keeps between its pieces (scratch memory, results).
    ///   - body: does one piece. Pieces start in the order of their numbers.
    /// - Returns: the states of the threads that took part, in no order.
    /// - Throws: the first error that `state`, `body` or `before` throws; pieces that have not started are then left out.
    package func run<State>(
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

/// The progress and the results of one run, shared by its threads.
private final class Outcome<State>: @unchecked Sendable {
    // Sendable: `states` and `failure` are accessed under the lock only, and each state by one thread at a time.
    private let position = Atomic<Int>(0)
    private let lock = NSLock()
    private var states: [State] = []
    private var failure: (any Error)?

    /// The number of the next piece, rising.
    func next() -> Int { position.add(1, ordering: .relaxed).oldValue }

    func add(_ state: State) {
        lock.withLock { states.append(state) }
    }

    /// Records the first error, and leaves out the pieces that have not started.
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

/// The meeting point of a pool's threads and its callers: one assignment at a time, which every thread runs once.
private final class Team: @unchecked Sendable {
    // Sendable: all state is accessed under the condition's lock only.
    private let callers = NSLock()
    private let condition = NSCondition()
    private var assignment: (@Sendable () -> Void)?
    private var number = 0
    private var unfinished = 0
    private var stopping = false

    /// Has every thread run `work` once, and waits for all of them.
    func assign(threads: Int, _ work: @escaping @Sendable () -> Void) {
        callers.lock()
        defer { callers.unlock() }
        condition.lock()
        defer { condition.unlock() }
        assignment = work
        number += 1
        unfinished = threads
        condition.broadcast()
        while unfinished > 0 { condition.wait() }
        assignment = nil
    }

    /// Runs assignments until ``stop()``; each thread of the pool calls it.
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
