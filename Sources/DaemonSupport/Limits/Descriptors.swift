internal import Glibc

/// The number of files that the process can have open, and their division.
package enum Descriptors {
    /// Descriptors for the store, the spool, the log and the event loops, which use a few dozen.
    private static let reserved = 128
    /// More connections bring no more speed, and each takes memory.
    private static let maximumConnections = 2048
    private static let wantedLimit: rlim_t = 65_536

    /// Raises the limit of the process as far as the system allows.
    ///
    /// - Returns: the number of connections that can be open at once.
    package static func raiseLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return reserved }
        let wanted = max(limit.rlim_cur, min(limit.rlim_max, wantedLimit))
        var raised = rlimit(rlim_cur: wanted, rlim_max: limit.rlim_max)
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        let usable = Int(clamping: limit.rlim_cur) - reserved
        return max(16, min(usable, maximumConnections))
    }
}
