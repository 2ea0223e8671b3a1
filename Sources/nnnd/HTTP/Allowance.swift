import Synchronization
import Wire

/// Memory that all requests share, so that many large ones at once can't take all there is.
final class Allowance: Sendable {
    private let limit: Int
    /// What each request may use without asking: the small ones always get through.
    private let free: Int
    private let used = Mutex(0)

    init(_ limit: Int, free: Int) {
        self.limit = limit
        self.free = free
    }

    /// What one request uses; given back when nobody holds this any more.
    final class Share: Sendable {
        private let allowance: Allowance
        private let held = Mutex(0)

        fileprivate init(_ allowance: Allowance) {
            self.allowance = allowance
        }

        deinit {
            let count = held.withLock { $0 }
            allowance.used.withLock { $0 -= count }
        }

        /// Makes this share be for `count` in all, at least what it was before.
        ///
        /// - Throws: ``Problem/overloaded`` where others use too much.
        func grow(to count: Int) throws(Problem) {
            let wanted = max(0, count - allowance.free)
            let granted = held.withLock { held in
                let more = wanted - held
                guard more > 0 else { return true }
                let granted = allowance.used.withLock { used in
                    guard used + more <= allowance.limit else { return false }
                    used += more
                    return true
                }
                if granted { held = wanted }
                return granted
            }
            guard granted else { throw .overloaded }
        }
    }

    /// A share of nothing yet.
    func share() -> Share {
        Share(self)
    }
}
