/// Why a command ends without success: the exit status, and a line for the operator.
struct Failure: Error {
    let status: ExitStatus
    /// What went wrong and what to do; `nil` where nothing is to be said.
    let message: String?

    init(_ status: ExitStatus, _ message: String?) {
        self.status = status
        self.message = message
    }
}
