internal import HTTPTypes
internal import Hummingbird

/// How the body of a request is compressed (RFC 9110, section 8.4).
enum ContentCoding: Equatable {
    case identity
    case gzip
    /// Any other coding, or several.
    case other(String)
}

extension Request {
    /// The coding of the body.
    var contentCoding: ContentCoding {
        let text = headers[.contentEncoding] ?? ""
        let codings = text.split { $0 == "," || $0 == " " || $0 == "\t" }.map { $0.lowercased() }
        return switch codings.filter({ $0 != "identity" }) {
        case []: .identity
        // The same, by RFC 9110, section 8.4.1.3.
        case ["gzip"], ["x-gzip"]: .gzip
        default: .other(text)
        }
    }
}
