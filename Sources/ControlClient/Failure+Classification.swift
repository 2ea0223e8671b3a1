internal import Glibc
internal import ShardFormats
internal import WireAPI

extension Failure {
    /// The exit status and the line for any error that a command ends with.
    package init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let problem as Problem: self.init(problem)
        case let error as SystemError: self.init(error)
        case let error as ShardError: self.init(.dataRefused, "\(error.message) \(error.advice)")
        case is BrokenPipe: self.init(.brokenPipe, nil)
        case is CancellationError: self.init(.interrupted, "interrupted")
        default: self.init(.internalFault, "unexpected: \(error)")
        }
    }

    /// What the daemon answered instead of what was asked for.
    private init(_ problem: Problem) {
        let status: ExitStatus =
            switch problem.status {
            case 429, 503: .tryAgain
            case 401, 403: .noPermission
            case 400..<500: .dataRefused
            default: .internalFault
            }
        self.init(status, "\(problem.detail) (\(problem.code))")
    }

    private init(_ error: SystemError) {
        let status: ExitStatus =
            switch error.code {
            case ENOENT: .noInput
            case EACCES, EPERM, EROFS: .noPermission
            default: .inputOutput
            }
        self.init(status, error.description)
    }
}
