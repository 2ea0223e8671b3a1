internal import FoundationEssentials
package import IncrementalBias
package import ShardFormats
package import WireAPI

/// Every way in which a request can be wrong. The codes are stable: programs rely on them.
extension Problem {
    package static func badRequest(_ code: String, _ detail: String) -> Problem {
        Problem(title: "Bad Request", status: 400, detail: detail, code: code)
    }

    package static func unknownPath(_ path: String) -> Problem {
        Problem(
            title: "Not Found", status: 404, detail: "There is nothing at \(path); see the API's description.",
            code: "unknown_path")
    }

    package static func unknownID(_ kind: VectorRole, _ id: String) -> Problem {
        Problem(
            title: "Not Found", status: 404,
            detail: "No \(kind == .images ? "image" : "reference") has the id '\(id)'.",
            code: "unknown_id")
    }

    package static func wrongMethod(_ method: String, allowed: String) -> Problem {
        Problem(
            title: "Method Not Allowed", status: 405, detail: "\(method) can't be used here; use \(allowed).",
            code: "wrong_method")
    }

    package static func unsupportedMediaType(_ type: String) -> Problem {
        Problem(
            title: "Unsupported Media Type", status: 415,
            detail: "A body of type '\(type)' is not understood; send application/json or application/x-npy.",
            code: "unsupported_media_type")
    }

    package static let bodyTooLarge = Problem(
        title: "Content Too Large", status: 413,
        detail: "The body is larger than \(RequestLimits.bodyBytes) bytes; send fewer queries at once.",
        code: "body_too_large")

    package static let overloaded = Problem(
        title: "Service Unavailable", status: 503,
        detail: "Too many or too large requests are under way; try again in a moment.",
        code: "overloaded")

    package static let backupRunning = Problem(
        title: "Service Unavailable", status: 503,
        detail: "Another backup is under way; try again when it is done.",
        code: "backup_running")

    package static let verifyRunning = Problem(
        title: "Service Unavailable", status: 503,
        detail: "Another verification is under way; try again when it is done.",
        code: "verify_running")

    package static let stopping = Problem(
        title: "Service Unavailable", status: 503, detail: "The daemon is stopping; try again in a moment.",
        code: "stopping")

    package static let internalError = Problem(
        title: "Internal Server Error", status: 500, detail: "Something is wrong in the daemon; its log says what.",
        code: "internal")

    /// A search that can't be answered.
    package init(_ rejection: SearchQueue.Rejection) {
        switch rejection {
        case .overloaded: self = .overloaded
        case .closed: self = .stopping
        case .query(let index, let reason): self = .query(index, reason)
        }
    }

    private static func query(_ index: Int, _ rejection: QueryRejection) -> Problem {
        switch rejection {
        case .wrongDimension(let found, let expected):
            .badRequest(
                "wrong_dimension",
                "Query \(index) has \(found) numbers; the vectors of this corpus have \(expected).")
        case .differsFromFirst(let found, let first):
            .badRequest("wrong_dimension", "Query \(index) has \(found) numbers; query 0 has \(first).")
        case .notFinite:
            .badRequest("not_finite", "Query \(index) has a number that is infinite or not one.")
        case .zeroVector:
            .badRequest("zero_vector", "Query \(index) is all zeros, which has no direction under the cosine metric.")
        case .tooLarge:
            .badRequest("norm_too_large", "Query \(index) is longer than \(Metric.greatestNorm).")
        }
    }

    /// A body that isn't the .npy file that it should be.
    package static func badNPY(_ error: ShardError) -> Problem {
        .badRequest("bad_npy", "The body is not a usable .npy file: \(error.message) \(error.advice)")
    }

    /// A body that isn't the JSON that it should be.
    package static func badJSON(_ error: any Error, _ body: [UInt8]) -> Problem {
        .badRequest(
            "bad_json", "The body is not the JSON that it should be: \(JSONFault.find(in: body) ?? explain(error))")
    }

    /// The name of a key as it stands in the body: `top_k` for `topK`.
    private static func snakeCase(_ name: String) -> String {
        name.map { $0.isUppercase ? "_\($0.lowercased())" : String($0) }.joined()
    }

    private static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func place(_ path: [any CodingKey]) -> String {
            let text = path.map { key in key.intValue.map { "[\($0)]" } ?? ".\(snakeCase(key.stringValue))" }.joined()
            return text.isEmpty ? "" : "at \(text.hasPrefix(".") ? String(text.dropFirst()) : text): "
        }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return place(context.codingPath) + context.debugDescription
        case .keyNotFound(let key, let context):
            return place(context.codingPath) + "'\(snakeCase(key.stringValue))' is missing."
        case .dataCorrupted(let context):
            let cause = context.underlyingError.map { " \($0)" } ?? ""
            return place(context.codingPath) + context.debugDescription + cause
        @unknown default: return "\(error)"
        }
    }
}

/// What a request may ask for at most.
package enum RequestLimits {
    package static let bodyBytes = 64 << 20
    package static let queries = 4096
    /// Queries times images asked for.
    package static let hits = 1_000_000

    /// Of all bodies under way together, beyond the first 64 KiB of each; those of JSON count four times.
    package static let allBodyBytes = 4 * bodyBytes
    package static let freeBodyBytes = 64 << 10
    /// Of all answers under way together, beyond the first thousand of each.
    package static let allHits = 2 * hits
    package static let freeHits = 1000
}
