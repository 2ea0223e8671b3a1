import Foundation
import ShardFormats
import WireAPI

/// The bodies of searches.
enum Searches {
    /// What reads JSON fast must agree with Foundation, and what explains a refusal must find something or nothing.
    static func json(_ bytes: [UInt8]) {
        let fast = try? SearchRequest(json: bytes)
        let slow = try? WireJSON.decode(SearchRequest.self, from: Data(bytes))
        if fast != nil, slow == nil, hasZeroWithExponent(bytes) { return }
        hold(
            (fast == nil) == (slow == nil),
            "one reads it, one refuses it: \(fast == nil ? "Foundation" : "ours") reads it")
        hold(fast?.queries == slow?.queries, "other queries")
        hold(fast?.topK == slow?.topK, "another top_k")
        hold(fast?.alpha == slow?.alpha, "another alpha")
        let fault = JSONFault.find(in: bytes)
        hold(fault != "", "a fault without words")
    }

    static func npyBody(_ bytes: [UInt8]) {
        do throws(ShardError) {
            let matrix = try NPY.readQueries(bytes, maximumBytes: 1 << 20)
            hold(matrix.values.count == matrix.rows * matrix.dimension, "a matrix of another size")
        } catch {
            hold(!error.message.isEmpty && !error.advice.isEmpty, "refused without a reason")
        }
    }

    /// Whether there is a zero with an exponent, `0e4` say: a number by RFC 8259, section 6, and for some lengths of the text
    /// none to the Foundation of Swift 6.3.
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
