/// The error of a request that has fields which the API doesn't know.
///
/// A field that is ignored is often a mistyped one: its value would have no effect, and nobody would see why.
package struct UnknownFields: Error, Equatable, Sendable {
    /// The unknown fields, in alphabetical order.
    package let names: [String]
    /// All fields that the request can have.
    package let known: [String]
}

extension Decoder {
    /// Checks that the object has no other fields than `known`.
    ///
    /// - Throws: ``UnknownFields``; `DecodingError` where there is no object.
    func rejectUnknownFields<Key: CodingKey & CaseIterable>(_ known: Key.Type) throws {
        let names = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        let known = Key.allCases.map(\.stringValue)
        let unknown = Set(names).subtracting(known)
        if !unknown.isEmpty { throw UnknownFields(names: unknown.sorted(), known: known) }
    }
}

/// A key of any name.
private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init?(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        return nil
    }
}
