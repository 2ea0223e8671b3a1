import Foundation
import ShardFormats
import WireAPI

/// The bodies of searches.
enum Searches {
    /// Compares the reader of JSON with Foundation's, and looks for a fault in the text.
    static func json(_ bytes: [UInt8]) {
        let fast = try? SearchRequest(json: bytes)
        let slow = try? WireJSON.decodeRequest(SearchRequest.self, from: Data(bytes))
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
}
