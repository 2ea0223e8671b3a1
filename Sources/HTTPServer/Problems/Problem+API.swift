internal import ShardFormats
internal import WireAPI

/// The errors of the API. The codes are stable: programs rely on them.
extension Problem {
    static func badRequest(_ code: String, _ detail: String) -> Problem {
        Problem(title: "Bad Request", status: 400, detail: detail, code: code)
    }

    static func unknownPath(_ path: String) -> Problem {
        Problem(
            title: "Not Found", status: 404, detail: "There is nothing at \(path); see the API's description.",
            code: "unknown_path")
    }

    static func unknownID(_ kind: VectorRole, _ id: String) -> Problem {
        Problem(
            title: "Not Found", status: 404,
            detail: "No \(kind == .images ? "image" : "reference") has the id '\(id)'.",
            code: "unknown_id")
    }

    static func wrongMethod(_ method: String, allowed: String) -> Problem {
        Problem(
            title: "Method Not Allowed", status: 405, detail: "\(method) can't be used here; use \(allowed).",
            code: "wrong_method")
    }

    static func unsupportedMediaType(_ type: String) -> Problem {
        Problem(
            title: "Unsupported Media Type", status: 415,
            detail: "A body of type '\(type)' is not supported; send application/json or application/x-npy.",
            code: "unsupported_media_type")
    }

    static let bodyTooLarge = Problem(
        title: "Content Too Large", status: 413,
        detail: "The body is larger than \(RequestLimits.bodyBytes) bytes; send fewer queries at once.",
        code: "body_too_large")

    static let incompleteBody = badRequest(
        "bad_body", "The body ends too early, or its chunks do not follow HTTP/1.1.")

    static let overloaded = unavailable(
        "overloaded", "Too many or too large requests are under way; try again in a moment.")

    static let backupRunning = unavailable(
        "backup_running", "Another backup is under way; try again when it is done.")

    static let verifyRunning = unavailable(
        "verify_running", "Another verification is under way; try again when it is done.")

    static let stopping = unavailable("stopping", "The daemon is stopping; try again in a moment.")

    static let internalError = Problem(
        title: "Internal Server Error", status: 500, detail: "An error in the daemon; its log has the reason.",
        code: "internal")

    private static func unavailable(_ code: String, _ detail: String) -> Problem {
        Problem(title: "Service Unavailable", status: 503, detail: detail, code: code)
    }
}
