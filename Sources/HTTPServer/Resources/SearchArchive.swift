internal import IncrementalBias
internal import NIOCore
internal import ShardFormats
internal import WireAPI

/// The results of a search as an .npz file, which numpy reads without parsing each hit.
///
/// `docs/openapi.yaml` describes its arrays.
struct SearchArchive {
    static let mediaType = "application/x-npz"

    private let file: NPZFile

    /// Prepares the file.
    ///
    /// - Parameters:
    ///   - hits: the hits of each query, the same number for all.
    ///   - tookMs: the milliseconds until the results were known.
    /// - Throws: ``Problem/npzImpossible(_:)`` if the file would be too large, or if numpy would change an id;
    ///   `StoreError` if the queries have different numbers of hits.
    init(_ hits: [[SearchHit]], generation: UInt64, tookMs: Double) throws {
        let shape = [hits.count, hits.first?.count ?? 0]
        guard hits.allSatisfy({ $0.count == shape[1] }) else {
            throw StoreError.damaged("the queries of a search have different numbers of hits")
        }
        let hits = hits.flatMap { $0 }
        guard hits.allSatisfy({ $0.id.utf8.last != 0 }) else {
            throw Problem.npzImpossible(
                "an id ends in NUL, which numpy removes. Accept application/json, or give the image another id.")
        }
        file = NPZFile([
            NPZArray("ids", shape: shape, .text(hits.map(\.id))),
            NPZArray("scores", shape: shape, .float32(hits.map(\.score))),
            NPZArray("similarities", shape: shape, .float32(hits.map(\.similarity))),
            NPZArray("biases", shape: shape, .float32(hits.map(\.bias))),
            NPZArray("generation", shape: [], .uint64([generation])),
            NPZArray("took_ms", shape: [], .float64([tookMs])),
        ])
        guard file.byteCount <= RequestLimits.archiveBytes else {
            throw Problem.npzImpossible(
                """
                the file would have \(file.byteCount) bytes, because each id takes as much as the longest one, and \
                can have \(RequestLimits.archiveBytes). Accept application/json, or send fewer queries or a smaller \
                'top_k'.
                """)
        }
    }

    /// The number of hits as which the file counts in the budget of all responses.
    var weight: Int { file.byteCount / RequestLimits.archiveBytesPerHit }

    /// The file.
    var body: ByteBuffer {
        ByteBuffer(initialCapacity: file.byteCount) { file.write(to: &$0) }
    }
}
