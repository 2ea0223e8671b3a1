/// Memory that large commits have freed.
///
/// It is kept for the next commit while shards stream in, as pages that are touched for the first time cost more than the
/// work on them, and returned to the system once nothing has come for 10 s.
struct FreedMemory {
    private var due: ContinuousClock.Instant?
    private static let kept = Duration.seconds(10)

    /// Records that a commit has freed some.
    mutating func restart() { due = .now + Self.kept }

    /// Returns it to the system if it is time.
    ///
    /// - Parameter returnMemory: returns freed memory to the system.
    /// - Returns: in how many seconds it will be; infinity where there is nothing to return.
    mutating func returnIfDue(_ returnMemory: () -> Void) -> Double {
        guard let due else { return .infinity }
        if due > .now { return (due - .now) / .seconds(1) }
        returnMemory()
        self.due = nil
        return .infinity
    }
}
