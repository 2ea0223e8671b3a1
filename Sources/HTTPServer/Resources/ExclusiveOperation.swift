internal import Synchronization
internal import WireAPI

/// An operation that runs for one client at a time.
final class ExclusiveOperation: Sendable {
    private let rejection: Problem
    private let isRunning = Atomic(false)

    /// - Parameter rejection: the error for other requests while the operation runs.
    init(rejection: Problem) {
        self.rejection = rejection
    }

    /// Takes the permit.
    ///
    /// - Throws: the rejection, if another request has the permit.
    func begin() throws(Problem) -> Permit {
        guard !isRunning.exchange(true, ordering: .acquiring) else { throw rejection }
        return Permit(of: self)
    }

    /// The right to run the operation; it ends with ``end()``, or when the last reference to this object does.
    final class Permit: Sendable {
        private let operation: ExclusiveOperation
        private let hasEnded = Atomic(false)

        fileprivate init(of operation: ExclusiveOperation) {
            self.operation = operation
        }

        deinit {
            end()
        }

        /// Lets the next request begin.
        func end() {
            guard !hasEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
            operation.isRunning.store(false, ordering: .releasing)
        }
    }
}
