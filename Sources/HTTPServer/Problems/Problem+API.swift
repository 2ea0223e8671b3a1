internal import ShardFormats
internal import WireAPI

/// The errors of the API. The codes are stable: programs rely on them.
extension Problem {
    static func badRequest(_ code: String, _ detail: String) -> Problem {
        Problem(title: "Bad Request", status: 400, detail: detail, code: code)
    }

    static let settingsForbidden = Problem(
        title: "Forbidden", status: 403,
        detail: "Only root and the user of the daemon can change settings; run the command with sudo.",
        code: "forbidden")

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

    static func unsupportedMediaType(
        _ type: String, supported: String = "application/json or application/x-npy"
    ) -> Problem {
        Problem(
            title: "Unsupported Media Type", status: 415,
            detail: "A body of type '\(type)' is not supported; send \(supported).",
            code: "unsupported_media_type")
    }

    private static let unsupportedEncodingCode = "unsupported_encoding"

    /// The response carries `Accept-Encoding` (RFC 9110, section 12.5.3).
    static func unsupportedEncoding(_ coding: String) -> Problem {
        Problem(
            title: "Unsupported Media Type", status: 415,
            detail: "A body with the Content-Encoding '\(coding)' is not supported; send it with gzip or without.",
            code: unsupportedEncodingCode)
    }

    var isUnsupportedEncoding: Bool { code == Self.unsupportedEncodingCode }

    /// The error of query parameters that the path doesn't take.
    static func unknownParameters(_ names: [String], known: [String]) -> Problem {
        badRequest("unknown_parameter", "The query string has \(list(names, known, "parameter")).")
    }

    /// The error of fields of a JSON body that the path doesn't take.
    static func unknownFields(_ error: UnknownFields) -> Problem {
        badRequest("unknown_field", "The body has \(list(error.names, error.known, "field")).")
    }

    private static func list(_ names: [String], _ known: [String], _ word: String) -> String {
        let quoted = names.map { "'\($0)'" }.joined(separator: ", ")
        let allowed =
            known.isEmpty ? "the path takes none" : "known are \(known.map { "'\($0)'" }.joined(separator: ", "))"
        return "the unknown \(word)\(names.count == 1 ? "" : "s") \(quoted); \(allowed)"
    }

    /// The error of a request that the state of the corpus does not allow.
    static func conflict(_ code: String, _ detail: String) -> Problem {
        Problem(title: "Conflict", status: 409, detail: detail, code: code)
    }

    static let bodyTooLarge = Problem(
        title: "Content Too Large", status: 413,
        detail: "The body is larger than \(RequestLimits.bodyBytes) bytes; send fewer queries at once.",
        code: "body_too_large")

    static let badGzip = badRequest("bad_gzip", "The body is not a whole gzip stream, or it is damaged.")

    static let incompleteBody = badRequest(
        "bad_body", "The body ends too early, or its chunks do not follow HTTP/1.1.")

    static let overloaded = unavailable(
        "overloaded", "Too many or too large requests are under way; try again in a moment.")

    static let backupRunning = unavailable(
        "backup_running", "Another backup is under way; try again when it is done.")

    static let verifyRunning = unavailable(
        "verify_running", "Another verification is under way; try again when it is done.")

    static let evaluationRunning = unavailable(
        "evaluation_running", "Another evaluation or count of hubs is under way; try again when it is done.")

    static let storeRemoved = unavailable(
        "store_removed", "The data file of the store was removed, moved or replaced; the daemon ends soon.")

    static let stopping = unavailable("stopping", "The daemon is stopping; try again in a moment.")

    static let internalError = Problem(
        title: "Internal Server Error", status: 500, detail: "An error in the daemon; its log has the reason.",
        code: "internal")

    private static func unavailable(_ code: String, _ detail: String) -> Problem {
        Problem(title: "Service Unavailable", status: 503, detail: detail, code: code)
    }
}
