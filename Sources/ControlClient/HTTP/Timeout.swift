/// The error of ``withTimeout(_:_:)`` if the time is up.
struct TimeoutError: Error {}

/// Runs `body`, and cancels it after `limit`.
///
/// - Throws: ``TimeoutError`` after `limit`, or what `body` throws.
func withTimeout<Result: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: limit)
            throw TimeoutError()
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw TimeoutError() }
        return first
    }
}
