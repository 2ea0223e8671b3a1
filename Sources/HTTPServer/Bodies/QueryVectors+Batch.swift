internal import Foundation
internal import IncrementalBias
internal import ShardFormats
internal import WireAPI

extension QueryVectors {
    /// The queries as one matrix.
    ///
    /// - Parameter v2Elements: how queries of the type V2 in an .npy file are read.
    /// - Throws: `Problem`.
    func batch(v2Elements: V2Elements) throws(Problem) -> SearchBatch {
        switch self {
        case .arrays(let vectors):
            do throws(RejectedQuery) {
                return try SearchBatch(queries: vectors, topK: 1, alpha: 0)
            } catch {
                throw .query(error.index, error.reason)
            }
        case .npy(let text):
            guard let data = Data(base64Encoded: text) else {
                throw .badRequest("bad_npy", "'queries' is not base64 (RFC 4648, section 4) of an .npy file.")
            }
            do throws(ShardError) {
                let matrix = try NPY.read(
                    Array(data), maximumBytes: RequestLimits.bodyBytes, v2Elements: v2Elements)
                return SearchBatch(vectors: matrix.values, count: matrix.rows, topK: 1, alpha: 0)
            } catch {
                throw .badNPY(error)
            }
        }
    }
}
