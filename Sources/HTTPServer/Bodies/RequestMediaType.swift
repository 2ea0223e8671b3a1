internal import HTTPTypes
internal import Hummingbird

/// The media type of a request's body.
enum RequestMediaType: Equatable {
    /// `application/json`, or no type at all.
    case json
    /// `application/x-npy` or `application/octet-stream`.
    case npy
    /// Any other type.
    case other(String)
}

extension Request {
    /// The media type of the body, without parameters.
    var mediaType: RequestMediaType {
        let name = headers[.contentType].map { $0.prefix { $0 != ";" && $0 != " " }.lowercased() } ?? ""
        return switch name {
        case "", "application/json": .json
        case "application/x-npy", "application/octet-stream": .npy
        default: .other(name)
        }
    }
}
