internal import Glibc

/// How many files the process can have open, and who gets how many of them.
package enum Descriptors {
    /// For the store, the spool, the log and the event loops; a few dozen are in use.
    private static let reserved = 128
    /// More connections than this help nobody, and each takes memory.
    private static let mostConnections = 2048
    private static let mostWanted: rlim_t = 65_536

    /// Raises the limit as far as the system lets us, and says how many connections can be open under it.
    package static func connections() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return reserved }
        let wanted = max(limit.rlim_cur, min(limit.rlim_max, mostWanted))
        var raised = rlimit(rlim_cur: wanted, rlim_max: limit.rlim_max)
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        let usable = Int(clamping: limit.rlim_cur) - reserved
        return max(16, min(usable, mostConnections))
    }
}
