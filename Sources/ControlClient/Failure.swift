/// Why a command ends without success: the exit status, and a line for the operator.
package struct Failure: Error {
    package let status: ExitStatus
    /// What went wrong and what to do; `nil` where nothing is to be said.
    package let message: String?

    package init(_ status: ExitStatus, _ message: String?) {
        self.status = status
        self.message = message
    }
}
