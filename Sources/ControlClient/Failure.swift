/// The reason why a command ends without success: the exit status, and a line for the operator.
package struct Failure: Error, Equatable {
    package let status: ExitStatus
    /// The cause and the remedy; `nil` where nothing is to be printed.
    package let message: String?

    /// A failure with this status and message.
    package init(_ status: ExitStatus, _ message: String?) {
        self.status = status
        self.message = message
    }
}
