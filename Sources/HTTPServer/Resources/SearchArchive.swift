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
    /// The row of a query with fewer hits than another one ends with empty ids and NaN.
    ///
    /// - Parameters:
    ///   - hits: the hits of each query.
    ///   - recall: how the queries were answered, if they asked for a recall below 1.
    ///   - tookMs: the milliseconds until the results were known.
    /// - Throws: ``Problem/npzImpossible(_:)`` if the file would be too large, or if numpy would change an id.
    init(
        _ hits: [[SearchHit]], generation: UInt64, recall: SearchResponse.Recall?, tookMs: Double
    ) throws {
        let shape = [hits.count, hits.map(\.count).max() ?? 0]
        let none = SearchHit(id: "", score: .nan, similarity: .nan, bias: .nan)
        let hits = hits.flatMap { $0 + repeatElement(none, count: shape[1] - $0.count) }
        guard hits.allSatisfy({ $0.id.utf8.last != 0 }) else {
            throw Problem.npzImpossible(
                "an id ends in NUL, which numpy removes. Accept application/json, or give the image another id.")
        }
        file = NPZFile(
            [
                NPZArray("ids", shape: shape, .text(hits.map(\.id))),
                NPZArray("scores", shape: shape, .float32(hits.map(\.score))),
                NPZArray("similarities", shape: shape, .float32(hits.map(\.similarity))),
                NPZArray("biases", shape: shape, .float32(hits.map(\.bias))),
                NPZArray("generation", shape: [], .uint64([generation])),
                NPZArray("took_ms", shape: [], .float64([tookMs])),
            ] + (recall.map(Self.arrays) ?? []))
        guard file.byteCount <= RequestLimits.archiveBytes else {
            throw Problem.npzImpossible(
                """
                the file would have \(file.byteCount) bytes, because each id takes as much as the longest one; the \
                maximum is \(RequestLimits.archiveBytes). Accept application/json, or send fewer queries or a \
                smaller 'top_k'.
                """)
        }
    }

    /// How the queries were answered, as arrays.
    ///
    /// A number that is missing in JSON is 0, and a text is empty.
    private static func arrays(_ recall: SearchResponse.Recall) -> [NPZArray] {
        [
            NPZArray("recall_target", shape: [], .float64([recall.target])),
            NPZArray("recall_exact", shape: [], .uint64([recall.exact ? 1 : 0])),
            NPZArray("recall_reason", shape: [], .text([recall.reason ?? ""])),
            NPZArray("recall_calibration", shape: [], .uint64([recall.calibration ?? 0])),
            NPZArray("recall_scanned_rows", shape: [], .uint64([UInt64(recall.scannedRows)])),
            NPZArray("recall_probed_cells", shape: [], .uint64([UInt64(recall.probedCells ?? 0)])),
            NPZArray("recall_rescored_rows", shape: [], .uint64([UInt64(recall.rescoredRows ?? 0)])),
        ]
    }

    /// The number of hits that take as much memory as the file; the budget of all responses
    /// (``RequestLimits/allHits``) counts hits.
    var sizeInHits: Int { file.byteCount / RequestLimits.archiveBytesPerHit }

    /// The file.
    var body: ByteBuffer {
        ByteBuffer(initialCapacity: file.byteCount) { file.write(to: &$0) }
    }
}
