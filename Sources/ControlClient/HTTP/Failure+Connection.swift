internal import Glibc
internal import NIOCore
internal import PosixSupport

extension Failure {
    /// The failure to report for the error that ended a request to the daemon at `socket`.
    init(reaching socket: String, error: any Error) {
        switch error {
        case is CancellationError: self.init(.interrupted, "interrupted")
        case let error as IOError: self.init(reaching: socket, code: error.errnoCode)
        case is TimeoutError: self.init(.tryAgain, "nnnd at \(socket) takes too long to answer")
        case is HTTPExchange.ConnectionClosed: self.init(reaching: socket, code: ECONNRESET)
        case is HTTPExchange.ResponseTooLarge:
            self.init(.internalFault, "the answer of nnnd at \(socket) is too large: ask for less at once")
        default: self.init(.unavailable, "no answer from nnnd at \(socket): \(error)")
        }
    }

    private init(reaching socket: String, code: CInt) {
        switch code {
        case ENOENT:
            self.init(.unavailable, "no socket at \(socket): is nnnd running, and is this its socket (--socket)?")
        case ECONNREFUSED:
            self.init(.unavailable, "nobody listens on the socket \(socket): is nnnd running?")
        case EACCES, EPERM:
            self.init(
                .noPermission,
                "no permission to connect to \(socket): connecting needs write permission for the socket, for example "
                    + "through its group")
        case EPIPE, ECONNRESET:
            self.init(.unavailable, "nnnd at \(socket) closed the connection without an answer: was it stopped?")
        default:
            self.init(.unavailable, "can't reach nnnd: \(SystemError("connect to \(socket)", number: code))")
        }
    }
}
