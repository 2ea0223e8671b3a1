internal import HTTPTypes
internal import Hummingbird

/// The media types that a client accepts, by the field `Accept` (RFC 9110, section 12.5.1).
///
/// Parameters of a media range other than `q` are ignored, and so are elements that break the grammar.
package struct AcceptedTypes: Sendable {
    /// The largest quality, that of a range without `q`.
    package static let fullQuality = 1000

    /// The qualities of `type/subtype`, `type/*` and `*/*`, in thousandths.
    private var qualities: [String: Int] = [:]

    /// Reads the values of all `Accept` fields of a request.
    ///
    /// Without such a field, every type is accepted.
    package init(_ values: [String]) {
        guard !values.isEmpty else {
            qualities["*/*"] = Self.fullQuality
            return
        }
        var reader = FieldReader(values.joined(separator: ","))
        repeat {
            if let range = Self.range(&reader), reader.isAtEnd || reader.isNext(",") {
                qualities[range.name] = max(range.quality, qualities[range.name] ?? 0)
            } else {
                reader.skipToComma()
            }
        } while reader.skip(",")
    }

    /// How much the client wants `type`, such as `application/json`: in thousandths, 0 if it does not accept it.
    package func quality(of type: String) -> Int {
        let group = type.prefix { $0 != "/" }
        return qualities[type] ?? qualities["\(group)/*"] ?? qualities["*/*"] ?? 0
    }

    /// Reads a media range with its parameters, and the space after it.
    private static func range(_ reader: inout FieldReader) -> (name: String, quality: Int)? {
        reader.skipSpace()
        guard let type = reader.token(), reader.skip("/"), let subtype = reader.token() else { return nil }
        var quality = fullQuality
        reader.skipSpace()
        while reader.skip(";") {
            reader.skipSpace()
            // A parameter can be left out between semicolons (RFC 9110, section 5.6.6).
            if reader.isAtEnd || reader.isNext(";") || reader.isNext(",") { continue }
            guard let (name, value) = reader.parameter() else { return nil }
            if name.lowercased() == "q" {
                guard let thousandths = thousandths(value) else { return nil }
                quality = thousandths
            }
            reader.skipSpace()
        }
        return ("\(type)/\(subtype)".lowercased(), quality)
    }

    /// A weight from 0 to 1 with at most three decimal places (RFC 9110, section 12.4.2), in thousandths.
    private static func thousandths(_ text: String) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : ""
        guard parts[0] == "0" || parts[0] == "1", decimals.utf8.count <= 3,
            decimals.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        let zeros = String(repeating: "0", count: 3 - decimals.utf8.count)
        return Int(parts[0] + decimals + zeros).flatMap { $0 <= fullQuality ? $0 : nil }
    }
}

extension Request {
    /// The media types that the client accepts.
    var acceptedTypes: AcceptedTypes {
        AcceptedTypes(headers[values: .accept])
    }
}
