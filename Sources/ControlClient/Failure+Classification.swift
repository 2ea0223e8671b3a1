internal import Glibc
internal import PosixSupport
internal import ShardFormats
internal import WireAPI

extension Failure {
    /// The failure to report for an error of any type that a command throws.
    package init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let problem as Problem: self.init(problem)
        case let error as SystemError: self.init(error)
        case let error as ShardError: self.init(.dataRejected, "\(error.message) \(error.advice)")
        case is BrokenPipe: self.init(.brokenPipe, nil)
        case is CancellationError: self.init(.interrupted, "interrupted")
        default: self.init(.internalFault, "unexpected error: \(error)")
        }
    }

    private init(_ problem: Problem) {
        let status: ExitStatus =
            switch problem.status {
            case 429, 503: .tryAgain
            case 401, 403: .noPermission
            case 400..<500: .dataRejected
            default: .internalFault
            }
        self.init(status, "\(problem.detail) (\(problem.code))")
    }

    private init(_ error: SystemError) {
        let status: ExitStatus =
            switch error.number {
            case ENOENT: .noInput
            case EACCES, EPERM, EROFS: .noPermission
            default: .inputOutput
            }
        self.init(status, error.description)
    }
}
