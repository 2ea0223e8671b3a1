internal import Synchronization
package import WireAPI

/// Memory that all requests reservation, so that many large ones at once can't take all there is.
///
/// One request, the first that the others leave no room, may go beyond: or else they could all stand in each other's way
/// until none got through.
package final class MemoryBudget: Sendable {
    private let limit: Int
    /// What each request may use without asking: the small ones always get through.
    private let free: Int
    private let state = Mutex(State())

    private struct State {
        /// What all use but the one that may go beyond.
        var used = 0
        var favoured: ObjectIdentifier?
    }

    /// - Parameters:
    ///   - limit: what all may use together.
    ///   - free: what each may use beside that.
    package init(_ limit: Int, free: Int) {
        self.limit = limit
        self.free = free
    }

    /// What one request uses; given back when nobody holds this any more.
    package final class Reservation: Sendable {
        private let budget: MemoryBudget
        private let held = Mutex(0)

        fileprivate init(_ budget: MemoryBudget) {
            self.budget = budget
        }

        deinit {
            let count = held.withLock { $0 }
            budget.state.withLock { state in
                if state.favoured == ObjectIdentifier(self) { state.favoured = nil } else { state.used -= count }
            }
        }

        /// Makes this reservation be for `count` in all, at least what it was before.
        ///
        /// - Throws: ``Problem/overloaded`` where others use too much.
        package func grow(to count: Int) throws(Problem) {
            let wanted = max(0, count - budget.free)
            let granted = held.withLock { held in
                let more = wanted - held
                guard more > 0 else { return true }
                let granted = budget.grant(more, to: ObjectIdentifier(self), holding: held)
                if granted { held = wanted }
                return granted
            }
            guard granted else { throw .overloaded }
        }
    }

    /// A reservation of nothing yet.
    package func reservation() -> Reservation {
        Reservation(self)
    }

    private func grant(_ more: Int, to reservation: ObjectIdentifier, holding held: Int) -> Bool {
        state.withLock { state in
            if state.favoured == reservation { return true }
            if state.used + more <= limit {
                state.used += more
                return true
            }
            guard state.favoured == nil else { return false }
            state.favoured = reservation
            state.used -= held
            return true
        }
    }
}
