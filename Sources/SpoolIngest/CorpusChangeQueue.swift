internal import IncrementalBias
internal import Synchronization

/// Changes of the corpus that wait for the thread that ingests, which alone may change it.
final class CorpusChangeQueue: Sendable {
    /// A change; called without a corpus if it is cancelled.
    private typealias Change = @Sendable (Corpus?) -> Void

    private struct State {
        var waiting: [Change] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Waits until ``run(on:)`` has run `body`.
    ///
    /// - Parameters:
    ///   - body: changes the corpus, on the thread that calls ``run(on:)``.
    ///   - added: called when the change waits, so that the thread can be woken.
    /// - Returns: the value that `body` returns.
    /// - Throws: the error of `body`; `CancellationError` after ``close()``.
    func change<R: Sendable>(
        _ body: @escaping @Sendable (Corpus) throws -> R, added: () -> Void
    ) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            let change: Change = { corpus in
                continuation.resume(
                    with: Result {
                        guard let corpus else { throw CancellationError() }
                        return try body(corpus)
                    })
            }
            let isClosed = state.withLock { state in
                if !state.isClosed { state.waiting.append(change) }
                return state.isClosed
            }
            if isClosed { change(nil) } else { added() }
        }
    }

    /// Runs the changes that wait, in the order in which they came.
    func run(on corpus: Corpus) {
        for change in take() { change(corpus) }
    }

    /// Cancels the changes that wait, and all later ones.
    func close() {
        state.withLock { $0.isClosed = true }
        for change in take() { change(nil) }
    }

    private func take() -> [Change] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
