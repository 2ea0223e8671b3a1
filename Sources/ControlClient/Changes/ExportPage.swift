internal import ShardFormats

/// A page of images of the change feed, with their vectors, from an .npz file.
struct ExportPage {
    let ids: [String]
    /// The vectors, ids.count x dimension, float32, little-endian.
    let vectors: [UInt8]
    /// The means, ids.count, float32, little-endian.
    let means: [UInt8]
    let dimension: Int
    let generation: UInt64
    let k: Int
    /// The number of images in the corpus.
    let images: Int
    /// Whether there are images that the export does not have yet.
    let isInitial: Bool
    let cursor: String

    /// Reads the answer of `GET /v1/changes`.
    ///
    /// - Throws: `ShardError` if it is no .npz file of such arrays; another error if an array is missing or has another
    ///   size, or if there is a change that is no image with its vector.
    init(_ bytes: [UInt8]) throws {
        let arrays = try NPZContents(bytes)
        func required<Value>(_ value: Value?) throws -> Value {
            guard let value else { throw UnreadablePage() }
            return value
        }
        ids = try required(try arrays.texts("ids"))
        vectors = try required(try arrays.float32("vectors")).bytes
        means = try required(try arrays.float32("means")).bytes
        dimension = Int(try required(try arrays.number("dimension")))
        generation = try required(try arrays.number("generation"))
        k = Int(try required(try arrays.number("k")))
        images = Int(try required(try arrays.number("images")))
        isInitial = try required(try arrays.number("initial")) != 0
        cursor = try required(try required(try arrays.texts("next_cursor")).first)
        let changes = try required(try arrays.texts("changes"))
        guard changes.count == ids.count, changes.allSatisfy({ $0 == "upsert" }),
            vectors.count == ids.count * dimension * 4, means.count == ids.count * 4
        else { throw UnreadablePage() }
    }

    /// The error of a page that lacks something.
    private struct UnreadablePage: Error, CustomStringConvertible {
        let description = "the page of images is not complete"
    }
}
