import Synchronization
import Wire

/// Work that one client at a time may ask for.
final class OneAtATime: Sendable {
    private let refusal: Problem
    private let isRunning = Atomic(false)

    /// - Parameter refusal: what another is told meanwhile.
    init(refusal: Problem) {
        self.refusal = refusal
    }

    /// Takes the turn.
    ///
    /// - Throws: the refusal while another has it.
    func begin() throws(Problem) -> Turn {
        guard !isRunning.exchange(true, ordering: .acquiring) else { throw refusal }
        return Turn(of: self)
    }

    /// The right to do it; given back when nobody holds this any more.
    final class Turn: Sendable {
        private let work: OneAtATime

        fileprivate init(of work: OneAtATime) {
            self.work = work
        }

        deinit {
            work.isRunning.store(false, ordering: .releasing)
        }
    }
}
