package import FoundationEssentials

/// Encodes and decodes nnnd's documents as JSON: with snake_case keys, and times in ISO 8601 with milliseconds, in UTC.
package enum WireJSON {
    /// Encodes `value` with sorted keys, on several lines if `pretty`.
    package static func encode(_ value: some Encodable, pretty: Bool = false) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(Self.text(date))
        }
        return try encoder.encode(value)
    }

    /// Decodes a value of `type`.
    ///
    /// - Throws: `DecodingError`.
    package static func decode<T: Decodable>(_ type: T.Type, from data: Data) throws -> T {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = try? Self.time.parse(text) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a time")
            }
            return date
        }
        return try decoder.decode(type, from: data)
    }

    /// Decodes the body of a request, whose keys are those of its type.
    ///
    /// A number that is too small for a float is zero. Foundation's decoder calls it an error.
    ///
    /// - Throws: `DecodingError`, ``UnknownFields``.
    package static func decodeRequest<T: Decodable>(_ type: T.Type, from data: Data) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            guard let zeroed = JSONNumbers.replacingSmall(in: Array(data)) else { throw error }
            return try JSONDecoder().decode(type, from: Data(zeroed))
        }
    }

    private static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// The time rounded to milliseconds, so that ``time(_:)`` and this give a text back unchanged.
    private static func text(_ date: Date) -> String {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        // The formatter cuts off what is below a millisecond, and a `Date` can be slightly below its decimal value.
        return Date(timeIntervalSince1970: (milliseconds + 0.25) / 1000).formatted(time)
    }

    /// Reads a time in ISO 8601 with its zone, with or without fractions of a second; `nil` for other text.
    package static func time(_ text: String) -> Date? {
        (try? time.parse(text)) ?? (try? Date.ISO8601FormatStyle().parse(text))
    }
}

extension KeyedDecodingContainer {
    /// Decodes a whole number; `nil` where there is none.
    ///
    /// - Throws: `DecodingError`, which names a number that is not whole, or too large.
    func decodeWholeNumberIfPresent(forKey key: Key) throws -> Int? {
        // As a number first: the decoder of whole numbers doesn't name a number that isn't whole.
        guard let number = try decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard let whole = Int(exactly: number) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "\(number) is not a whole number, or is too large.")
        }
        return whole
    }
}
