internal import Synchronization
package import WireAPI

/// Work that one client at a time may ask for.
package final class ExclusiveOperation: Sendable {
    private let rejection: Problem
    private let isRunning = Atomic(false)

    /// - Parameter rejection: what another is told meanwhile.
    package init(rejection: Problem) {
        self.rejection = rejection
    }

    /// Takes the permit.
    ///
    /// - Throws: the rejection while another has it.
    package func begin() throws(Problem) -> Permit {
        guard !isRunning.exchange(true, ordering: .acquiring) else { throw rejection }
        return Permit(of: self)
    }

    /// The right to do it; given back when nobody holds this any more.
    package final class Permit: Sendable {
        private let work: ExclusiveOperation

        fileprivate init(of work: ExclusiveOperation) {
            self.work = work
        }

        deinit {
            work.isRunning.store(false, ordering: .releasing)
        }
    }
}
