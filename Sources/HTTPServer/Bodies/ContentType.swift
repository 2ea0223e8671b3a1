/// A media type from the field `Content-Type` (RFC 9110, section 8.3.1), without its parameters.
package struct ContentType: Equatable, Sendable {
    /// Type and subtype in lowercase, for example `application/json`.
    package let name: String

    /// Reads the value of a field, which can have parameters after the media type; `nil` if it breaks the grammar.
    package init?(_ text: String) {
        var reader = FieldReader(text)
        reader.skipSpace()
        guard let type = reader.token(), reader.skip("/"), let subtype = reader.token() else { return nil }
        repeat {
            reader.skipSpace()
            // A parameter can be left out between semicolons (RFC 9110, section 5.6.6).
            if reader.isAtEnd || reader.isNext(";") { continue }
            guard reader.parameter() != nil else { return nil }
            reader.skipSpace()
            guard reader.isAtEnd || reader.isNext(";") else { return nil }
        } while reader.skip(";")
        name = "\(type)/\(subtype)".lowercased()
    }
}
