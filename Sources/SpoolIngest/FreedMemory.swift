/// Decides when memory that commits have freed is returned to the system: 10 s after the last commit.
///
/// Until then the process keeps it for the next commit, because the first use of a new memory page is slow.
struct FreedMemory {
    private var due: ContinuousClock.Instant?
    private static let kept = Duration.seconds(10)

    /// Starts the 10 s, after a commit.
    mutating func restart() { due = .now + Self.kept }

    /// Calls `returnMemory` if the 10 s are over.
    ///
    /// - Parameter returnMemory: returns freed memory to the system.
    /// - Returns: the seconds until memory must be returned; infinity if there is nothing to return.
    mutating func returnIfDue(_ returnMemory: () -> Void) -> Double {
        guard let due else { return .infinity }
        if due > .now { return (due - .now) / .seconds(1) }
        returnMemory()
        self.due = nil
        return .infinity
    }
}
