/// An error that ends the program: a sentence for the operator, and the exit status.
package struct StartupError: Error, CustomStringConvertible {
    /// The cause and the remedy.
    package let description: String
    package let exitCode: Int32

    /// The exit statuses that don't come from a wrong command line; numbers as in sysexits.h.
    package enum Status: Int32 {
        /// EX_DATAERR: the store is damaged.
        case data = 65
        /// EX_UNAVAILABLE: another process uses the store, the spool or the socket.
        case unavailable = 69
        /// EX_OSERR: a system call failed.
        case system = 71
        /// EX_NOPERM: another user must run the command.
        case permission = 77
        /// EX_CONFIG: a setting is invalid.
        case configuration = 78
        /// The status that a shell reports for SIGINT.
        case interrupted = 130
    }

    /// An error of this description, which ends the program with `status`.
    package init(_ description: String, _ status: Status) {
        self.description = description
        exitCode = status.rawValue
    }
}
