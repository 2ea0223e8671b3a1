internal import Dispatch
internal import Glibc

/// Runs `body` in a task that SIGINT and SIGTERM cancel, so that it can clean up before the program ends.
///
/// The signals no longer end the program themselves, from the call until the program ends.
package func cancelledBySignals<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let (signals, arrivals) = AsyncStream<Void>.makeStream()
    var sources: [any DispatchSourceSignal] = []
    for number in [SIGINT, SIGTERM] { sources.append(await source(of: number) { arrivals.yield() }) }
    let task = Task(operation: body)
    let canceller = Task {
        for await _ in signals { task.cancel() }
    }
    defer {
        canceller.cancel()
        for source in sources { source.cancel() }
    }
    return try await task.value
}

/// Returns a source that calls `handler` at each signal; it is active when this function returns.
private func source(of number: Int32, _ handler: @escaping @Sendable () -> Void) async -> any DispatchSourceSignal {
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler(handler: handler)
    await withCheckedContinuation { continuation in
        source.setRegistrationHandler { continuation.resume() }
        source.resume()
    }
    return source
}
