internal import Synchronization
package import WireAPI

/// A limit on the memory that all requests reserve together.
///
/// The user of a budget chooses its unit: bytes for the bodies of requests, hits for the responses of searches.
///
/// One request at a time can exceed the limit: the first one for which the limit is not enough. Without this exception,
/// requests that grow at the same time could fill the budget together, and all of them would be rejected.
package final class MemoryBudget: Sendable {
    private let limit: Int
    private let free: Int
    private let state = Mutex(State())

    private struct State {
        /// The reservations of all requests but the one that can exceed the limit.
        var used = 0
        /// The reservation that can exceed the limit.
        var unlimited: ObjectIdentifier?
    }

    /// - Parameters:
    ///   - limit: the maximum of all reservations together.
    ///   - free: the part of each reservation that doesn't count, so that small requests always succeed.
    package init(_ limit: Int, free: Int) {
        self.limit = limit
        self.free = free
    }

    /// The memory that one request reserves, until the object is deallocated.
    package final class Reservation: Sendable {
        private let budget: MemoryBudget
        private let held = Mutex(0)

        fileprivate init(_ budget: MemoryBudget) {
            self.budget = budget
        }

        deinit {
            let count = held.withLock { $0 }
            budget.state.withLock { state in
                if state.unlimited == ObjectIdentifier(self) { state.unlimited = nil } else { state.used -= count }
            }
        }

        /// Grows the reservation to `count` in total; it never shrinks.
        ///
        /// - Throws: ``Problem/overloaded`` if all reservations together would exceed the limit.
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

    /// A new reservation of size 0.
    package func reservation() -> Reservation {
        Reservation(self)
    }

    private func grant(_ more: Int, to reservation: ObjectIdentifier, holding held: Int) -> Bool {
        state.withLock { state in
            if state.unlimited == reservation { return true }
            if state.used + more <= limit {
                state.used += more
                return true
            }
            guard state.unlimited == nil else { return false }
            state.unlimited = reservation
            state.used -= held
            return true
        }
    }
}
