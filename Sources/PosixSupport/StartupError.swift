/// An error that ends the program: a sentence for the operator, and the exit status (sysexits.h).
package struct StartupError: Error, CustomStringConvertible {
    package let description: String
    package let exitCode: Int32

    /// The exit statuses of the programs that do not come from a command line.
    package enum Status: Int32 {
        /// EX_DATAERR: the store is damaged.
        case data = 65
        /// EX_UNAVAILABLE: another process uses the store, the spool or the socket.
        case unavailable = 69
        /// EX_OSERR: a system call failed.
        case system = 71
        /// EX_NOPERM: another user must run the command.
        case permission = 77
        /// EX_CONFIG: a setting can't be used.
        case configuration = 78
        /// The status that a shell reports for SIGINT.
        case interrupted = 130
    }

    package init(_ description: String, _ status: Status) {
        self.description = description
        exitCode = status.rawValue
    }
}
