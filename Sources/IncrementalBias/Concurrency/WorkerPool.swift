internal import Foundation
internal import Synchronization

/// A fixed number of threads that divide numbered pieces of a computation among themselves.
///
/// Long computations run here, so that they do not occupy the threads of Swift concurrency.
package final class WorkerPool: Sendable {
    /// The number of threads.
    package let threads: Int
    private let dispatcher: Dispatcher
    private let beforeEachPiece: @Sendable () throws -> Void

    /// Starts the threads.
    ///
    /// They end soon after the pool is released; nothing waits for their end.
    ///
    /// - Parameters:
    ///   - threads: the number of threads; at least one is started.
    ///   - name: the name of each thread, see ``NamedThread``.
    ///   - beforeEachPiece: called before each piece, by the thread that does the piece. An error that it throws ends
    ///     the run.
    package init(threads: Int, name: String, beforeEachPiece: @escaping @Sendable () throws -> Void = {}) {
        self.threads = max(1, threads)
        self.beforeEachPiece = beforeEachPiece
        dispatcher = Dispatcher()
        for _ in 0..<self.threads {
            NamedThread.start(name) { [dispatcher] in dispatcher.runJobs() }
        }
    }

    deinit {
        dispatcher.stop()
    }

    /// Calls the closure `beforeEachPiece` of the pool.
    ///
    /// A long piece calls this from time to time.
    func checkpoint() throws {
        try beforeEachPiece()
    }

    /// Calls `body` once for each number below `count`, on all threads of the pool; returns when all calls have
    /// returned.
    ///
    /// Several threads can call this at the same time: their runs are done one after another. A piece must not start a
    /// run on its own pool, because the run would never begin.
    ///
    /// - Parameters:
    ///   - count: the number of pieces.
    ///   - makeState: makes the state that one thread passes to all its pieces: working memory, results. Each thread
    ///     calls it before its first piece; a thread without a piece does not call it.
    ///   - body: does one piece, given the state of the thread and the number of the piece. The numbers are handed out
    ///     in ascending order.
    /// - Returns: the states of the threads that did pieces, in no order.
    /// - Throws: the first error of `makeState`, `body` or `beforeEachPiece`. Pieces that have not started by then are
    ///   not done.
    package func run<State>(
        count: Int, makeState: @Sendable () throws -> State, body: @Sendable (inout State, Int) throws -> Void
    ) throws -> [State] {
        guard count > 0 else { return [] }
        let (progress, beforeEachPiece) = (RunProgress<State>(count: count), beforeEachPiece)
        withoutActuallyEscaping(makeState) { makeState in
            withoutActuallyEscaping(body) { body in
                dispatcher.runOnEachThread(threads) {
                    do {
                        guard var piece = progress.takePiece() else { return }
                        var state = try makeState()
                        while true {
                            try beforeEachPiece()
                            try body(&state, piece)
                            guard let next = progress.takePiece() else { break }
                            piece = next
                        }
                        progress.add(state)
                    } catch {
                        progress.fail(error)
                    }
                }
            }
        }
        return try progress.result()
    }
}

/// The pieces that are left and the results of one run, shared by the threads of the pool.
private final class RunProgress<State>: @unchecked Sendable {
    // Sendable: `states` and `failure` are accessed under the lock only, and each state by one thread at a time.
    private let count: Int
    private let nextPiece = Atomic<Int>(0)
    private let lock = NSLock()
    private var states: [State] = []
    private var failure: (any Error)?

    init(count: Int) {
        self.count = count
    }

    /// Returns the number of the next piece; `nil` if none is left.
    func takePiece() -> Int? {
        let piece = nextPiece.add(1, ordering: .relaxed).oldValue
        return piece < count ? piece : nil
    }

    func add(_ state: State) {
        lock.withLock { states.append(state) }
    }

    /// Records an error, if it is the first one, and leaves out the pieces that have not started.
    func fail(_ error: any Error) {
        nextPiece.store(count, ordering: .relaxed)
        lock.withLock { failure = failure ?? error }
    }

    func result() throws -> [State] {
        try lock.withLock {
            if let failure { throw failure }
            return states
        }
    }
}

/// Gives jobs to the threads of a pool: one job at a time, which every thread runs once.
private final class Dispatcher: @unchecked Sendable {
    // Sendable: all variables are accessed under the condition's lock only.

    /// Held by a caller for its whole job, so that jobs of several callers follow one another.
    private let callerLock = NSLock()
    /// Protects the variables below, and wakes callers and threads when they change.
    private let condition = NSCondition()
    private var job: (@Sendable () -> Void)?
    /// The number of jobs so far.
    ///
    /// A thread sees by it that a job is new.
    private var jobNumber = 0
    /// The number of threads that have not finished the current job.
    private var unfinishedThreads = 0
    private var isStopping = false

    /// Has each thread of the pool run `job` once, and waits until all have finished.
    ///
    /// - Parameter threads: the number of threads of the pool.
    func runOnEachThread(_ threads: Int, _ job: @escaping @Sendable () -> Void) {
        callerLock.lock()
        defer { callerLock.unlock() }
        condition.lock()
        defer { condition.unlock() }
        self.job = job
        jobNumber += 1
        unfinishedThreads = threads
        condition.broadcast()
        while unfinishedThreads > 0 { condition.wait() }
        self.job = nil
    }

    /// Runs jobs until ``stop()``; the body of each thread of the pool.
    func runJobs() {
        var lastJobNumber = 0
        condition.lock()
        defer { condition.unlock() }
        while true {
            while jobNumber == lastJobNumber, !isStopping { condition.wait() }
            if isStopping { return }
            lastJobNumber = jobNumber
            let job = job
            condition.unlock()
            job?()
            condition.lock()
            unfinishedThreads -= 1
            if unfinishedThreads == 0 { condition.broadcast() }
        }
    }

    /// Ends the threads, once no job runs.
    func stop() {
        condition.withLock {
            isStopping = true
            condition.broadcast()
        }
    }
}
