/// The error that ends a command: the exit status, and a message for the user.
package struct Failure: Error, Equatable {
    package let status: ExitStatus
    /// The cause and the remedy; `nil` if nothing is to be printed.
    package let message: String?

    package init(_ status: ExitStatus, _ message: String?) {
        self.status = status
        self.message = message
    }
}
