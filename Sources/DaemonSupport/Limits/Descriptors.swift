internal import Glibc

/// The limit of open file descriptors, and how many of them connections can use.
package enum Descriptors {
    /// Descriptors that are kept for the store, the spool, the log and the event loops; these use a few dozen.
    private static let reserved = 128
    /// The maximum number of connections: more would take memory and make nothing faster.
    private static let maximumConnections = 2048
    /// The number of connections if the system does not tell the limit.
    private static let connectionsWithUnknownLimit = 128
    /// The limit of descriptors that the process asks the system for.
    private static let wantedLimit: rlim_t = 65_536

    /// Raises the limit of open descriptors (RLIMIT_NOFILE) to 65,536, or as far as the system allows.
    ///
    /// - Returns: the number of connections that can be open at once, from 16 to 2,048.
    package static func raiseLimitForConnections() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return connectionsWithUnknownLimit
        }
        let wanted = max(limit.rlim_cur, min(limit.rlim_max, wantedLimit))
        var raised = rlimit(rlim_cur: wanted, rlim_max: limit.rlim_max)
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        let usable = Int(clamping: limit.rlim_cur) - reserved
        return max(16, min(usable, maximumConnections))
    }
}
