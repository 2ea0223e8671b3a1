internal import HTTPTypes
internal import Hummingbird

/// The media type of a request's body.
enum RequestMediaType: Equatable {
    /// `application/json`, or no type at all.
    case json
    /// `application/x-npy` or `application/octet-stream`.
    case npy
    /// Any other type, or a value that is no type.
    case other(String)
}

extension Request {
    /// The media type of the body, without parameters.
    var mediaType: RequestMediaType {
        guard let value = headers[.contentType], !value.isEmpty else { return .json }
        let name = ContentType(value)?.name
        return switch name {
        case "application/json": .json
        case "application/x-npy", "application/octet-stream": .npy
        default: .other(name ?? value)
        }
    }

    /// Whether the head says that there is a body.
    var hasBody: Bool {
        headers[.transferEncoding] != nil || headers[.contentLength].map { $0 != "0" } ?? false
    }
}
