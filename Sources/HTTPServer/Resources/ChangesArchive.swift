internal import IncrementalBias
internal import NIOCore
internal import ShardFormats
internal import WireAPI

/// A page of changes as an .npz file, which numpy reads without parsing each number.
///
/// `docs/openapi.yaml` describes its arrays.
struct ChangesArchive {
    static let mediaType = SearchArchive.mediaType

    private let file: NPZFile

    /// Prepares the file.
    ///
    /// - Throws: ``Problem/npzImpossible(_:)`` if numpy would change an id.
    init(_ page: ChangePage, includesVectors: Bool) throws {
        let changes = page.changes
        guard changes.allSatisfy({ $0.id.utf8.last != 0 }) else {
            throw Problem.npzImpossible("an id ends in NUL, which numpy removes. Accept application/x-ndjson.")
        }
        var arrays = [
            NPZArray("ids", shape: [changes.count], .text(changes.map(\.id))),
            NPZArray("changes", shape: [changes.count], .text(changes.map(\.kind.rawValue))),
            NPZArray("means", shape: [changes.count], .float32(changes.map { $0.mean ?? .nan })),
        ]
        if includesVectors {
            let vectors = changes.compactMap(\.vector)
            arrays.append(
                NPZArray("vectors", shape: [vectors.count, page.dimension], .float32(vectors.flatMap(\.self))))
        }
        let numbers: [(name: String, number: UInt64)] = [
            ("dimension", UInt64(page.dimension)), ("generation", page.generation), ("images", UInt64(page.images)),
            ("initial", page.isInitial ? 1 : 0), ("k", UInt64(page.k)), ("more", page.hasMore ? 1 : 0),
        ]
        arrays += numbers.map { NPZArray($0.name, shape: [], .uint64([$0.number])) }
        arrays.append(NPZArray("next_cursor", shape: [], .text([page.cursor.text])))
        file = NPZFile(arrays)
    }

    /// The size of the file in bytes.
    var byteCount: Int { file.byteCount }

    /// The file.
    var body: ByteBuffer {
        ByteBuffer(initialCapacity: file.byteCount) { file.write(to: &$0) }
    }
}
