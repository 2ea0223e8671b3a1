internal import Hummingbird
internal import IncrementalBias
internal import Logging

/// A computation on a thread of its own, whose progress can be followed.
///
/// It is cancelled when its events are no longer read, or when the client's connection is closed.
struct LongComputation<Result: Sendable>: Sendable {
    /// What is sent while the computation runs.
    enum Event: Sendable {
        case progress(step: String, done: Double)
        case result(Result)
    }

    /// Progress, and the result as the last event.
    ///
    /// It throws the error of the computation.
    let events: AsyncThrowingStream<Event, any Error>

    /// Starts the computation.
    ///
    /// - Parameters:
    ///   - thread: the name of the thread.
    ///   - permit: ends with the computation.
    ///   - context: the context of the request; its logger is told if the computation is cancelled.
    ///   - body: computes; gets a function that says whether the computation is cancelled, and one that reports
    ///     progress.
    init(
        thread: String, permit: ExclusiveOperation.Permit, context: APIContext,
        _ body:
            @escaping @Sendable (
                _ isCancelled: @escaping @Sendable () -> Bool, _ progress: @escaping (String, Double) -> Void
            ) throws -> Result
    ) {
        let flag = CancellationFlag()
        context.onClose { flag.set() }
        let (events, continuation) = AsyncThrowingStream<Event, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(4))
        continuation.onTermination = { _ in flag.set() }
        self.events = events
        NamedThread.start(thread) {
            let throttle = ProgressThrottle()
            do {
                let result = try body(
                    { flag.isSet },
                    { step, done in
                        if throttle.admits(step) { continuation.yield(.progress(step: step, done: done)) }
                    })
                permit.end()
                continuation.yield(.result(result))
                continuation.finish()
            } catch {
                if error is CancellationError {
                    context.logger.info("a computation was cancelled", metadata: ["name": "\(thread)"])
                }
                permit.end()
                continuation.finish(throwing: error)
            }
        }
    }

    /// The result of the computation.
    ///
    /// - Throws: its error; `CancellationError` if the task is cancelled.
    func result() async throws -> Result {
        for try await event in events {
            if case .result(let result) = event { return result }
        }
        throw CancellationError()
    }

    /// Waits for the first event: then the request has been checked.
    ///
    /// - Returns: the event.
    /// - Throws: the error of the computation; `CancellationError` if the task is cancelled.
    func firstEvent() async throws -> Event {
        for try await event in events { return event }
        throw CancellationError()
    }
}

/// Leaves out progress that comes too soon after other progress of the same step.
///
/// One thread uses it.
private final class ProgressThrottle {
    private let clock = ContinuousClock()
    private var last: (step: String, time: ContinuousClock.Instant)?

    private static let interval = Duration.milliseconds(100)

    /// Whether progress of `step` is to be reported now.
    func admits(_ step: String) -> Bool {
        let now = clock.now
        if let last, last.step == step, now - last.time < Self.interval { return false }
        last = (step, now)
        return true
    }
}
