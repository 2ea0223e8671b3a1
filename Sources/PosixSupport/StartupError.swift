/// An error that ends the program, with a message for the operator and an exit status.
package struct StartupError: Error, CustomStringConvertible {
    /// The message: the cause and the remedy.
    package let description: String
    /// The exit status of the process.
    package let exitCode: Int32

    /// The exit statuses of errors other than a wrong command line.
    ///
    /// Numbers below 128 are those of sysexits.h.
    package enum Status: Int32 {
        /// EX_DATAERR: the store is damaged.
        case data = 65
        /// EX_NOINPUT: the data file of the store was removed while the daemon ran.
        case missingStore = 66
        /// EX_UNAVAILABLE: another process uses the store, the spool or the socket.
        case unavailable = 69
        /// EX_OSERR: a system call failed.
        case system = 71
        /// EX_NOPERM: the wrong user runs the command.
        case permission = 77
        /// EX_CONFIG: a setting is invalid.
        case configuration = 78
        /// 128 + SIGINT, as a shell reports it.
        case interrupted = 130
    }

    /// An error with a message and an exit status.
    package init(_ description: String, _ status: Status) {
        self.description = description
        exitCode = status.rawValue
    }
}
