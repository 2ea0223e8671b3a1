import Foundation
import ShardFormats
import WireAPI

/// The bodies of searches.
enum Searches {
    /// Compares the reader of JSON with Foundation's, and looks for a fault in the text.
    static func json(_ bytes: [UInt8]) {
        let fast = try? SearchRequest(json: bytes)
        let slow = try? WireJSON.decodeRequest(SearchRequest.self, from: Data(bytes))
        if fast != nil, slow == nil, hasZeroWithExponent(bytes) || hasTinyNumber(bytes) { return }
        expect(
            (fast == nil) == (slow == nil),
            "only \(fast == nil ? "Foundation" : "the fast reader") accepts the text")
        expect(fast?.queries == slow?.queries, "the queries differ")
        expect(fast?.topK == slow?.topK, "top_k differs")
        expect(fast?.alpha == slow?.alpha, "alpha differs")
        let fault = JSONFault.find(in: bytes)
        expect(fault != "", "a fault has no description")
    }

    static func npyBody(_ bytes: [UInt8]) {
        do throws(ShardError) {
            let matrix = try NPY.read(bytes, maximumBytes: 1 << 20, v2Elements: .bfloat16)
            expect(matrix.values.count == matrix.rows * matrix.dimension, "the matrix has another number of values")
        } catch {
            expect(!error.message.isEmpty && !error.advice.isEmpty, "a rejection has no reason")
        }
    }

    /// Whether the text has a number that is not zero, but as a float is zero or not normal.
    ///
    /// Foundation rejects it.
    private static func hasTinyNumber(_ bytes: [UInt8]) -> Bool {
        bytes.split { !"+-.eE0123456789".utf8.contains($0) }.contains { text in
            guard let value = Float(String(decoding: text, as: UTF8.self)), !value.isNormal else { return false }
            let digits = text.prefix { $0 | 0x20 != UInt8(ascii: "e") }
            return digits.contains { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
        }
    }

    /// Whether the text has a zero with an exponent, such as `0e4`.
    ///
    /// It is a number by RFC 8259, section 6, but the Foundation of Swift 6.3 rejects it for some lengths of the text.
    private static func hasZeroWithExponent(_ bytes: [UInt8]) -> Bool {
        let mantissas = bytes.split { byte in
            !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) && byte != UInt8(ascii: ".")
        }
        return mantissas.contains { digits in
            digits.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") } && digits.endIndex < bytes.endIndex
                && bytes[digits.endIndex] | 0x20 == UInt8(ascii: "e")
        }
    }
}
