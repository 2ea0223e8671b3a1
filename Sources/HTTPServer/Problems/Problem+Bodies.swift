internal import ShardFormats
internal import WireAPI

extension Problem {
    /// The error of a body that is not a usable .npy file.
    static func badNPY(_ error: ShardError) -> Problem {
        .badRequest("bad_npy", "The body is not a usable .npy file: \(error.message) \(error.advice)")
    }

    /// The error of a body that is not the JSON document that the path accepts.
    static func badJSON(_ error: any Error, _ body: [UInt8]) -> Problem {
        let fault = JSONFault.find(in: body)
        if fault == nil, let error = error as? UnknownFields { return .unknownFields(error) }
        return .badRequest("bad_json", "The body is not the expected JSON: \(fault ?? explain(error))")
    }

    private static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
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

    /// The place in a document: `at queries[1][2]: `.
    private static func place(_ path: [any CodingKey]) -> String {
        let text = path.map { key in key.intValue.map { "[\($0)]" } ?? ".\(snakeCase(key.stringValue))" }.joined()
        return text.isEmpty ? "" : "at \(text.hasPrefix(".") ? String(text.dropFirst()) : text): "
    }

    /// The name of a key as it stands in the body: `top_k` for `topK`.
    private static func snakeCase(_ name: String) -> String {
        name.map { $0.isUppercase ? "_\($0.lowercased())" : String($0) }.joined()
    }
}
