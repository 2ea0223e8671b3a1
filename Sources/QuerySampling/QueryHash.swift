internal import SpoolProtocol

/// The first 128 bits of the SHA-256 of a vector's floats, little endian: what the id of a sampled reference is made of.
///
/// Equal vectors have equal hashes, so that a repeated query is one reference.
package struct QueryHash: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    package init(_ vector: [Float]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for value in vector {
            // Zero has two forms with the same products.
            let bits = (value == 0 ? 0 : value).bitPattern
            for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        }
        let digits = ContentDigest.hexadecimal(of: bytes)
        high = UInt64(digits.prefix(16), radix: 16) ?? 0
        low = UInt64(digits.dropFirst(16).prefix(16), radix: 16) ?? 0
    }

    /// The id of the reference: `query:` and 32 hexadecimal digits.
    package var id: String { "query:" + Self.hexadecimal(high) + Self.hexadecimal(low) }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
