import Foundation
import IncrementalBias
import ShardFormats

/// The vectors from which a run of ``InterleavingTests`` chooses.
///
/// Several ids can have the same vector.
struct VectorPool {
    let images: [[Float]]
    let references: [[Float]]
    let queries: [[Float]]
    var dimension: Int { images[0].count }

    /// The vectors that rows of this role get.
    subscript(role: VectorRole) -> [[Float]] { role == .images ? images : references }

    /// Where the vectors come from.
    enum Source {
        /// Random vectors. Ties occur only between ids with the same vector.
        case smooth
        /// Vectors of the components -1, 0 and 1 in five dimensions, with many exact ties and duplicates.
        case ties
        /// Real embeddings: the words and glosses of Examples/wordnet.
        case wordNet
    }

    init(_ source: Source, using random: inout RandomSource) throws {
        switch source {
        case .smooth:
            let dimension = Int.random(in: 1...40, using: &random)
            func vectors() -> [[Float]] {
                (0..<1_000).map { _ in (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) } }
            }
            (images, references, queries) = (vectors(), vectors(), vectors())
        case .ties:
            let all = Self.allTernary(dimension: 5)
            (images, references, queries) = (all, all, all)
        case .wordNet:
            // A random part of the data, because the oracle multiplies all pairs.
            images = try Self.wordNet("images", count: 3_000, using: &random)
            references = try Self.wordNet("references", count: 5_000, using: &random)
            queries = try Self.read(Self.wordNetFolder.appending(path: "queries.npy"))
        }
    }

    /// All vectors of the components -1, 0 and 1 without the zero vector, which the cosine metric does not allow.
    private static func allTernary(dimension: Int) -> [[Float]] {
        var vectors: [[Float]] = [[]]
        for _ in 0..<dimension { vectors = vectors.flatMap { vector in [-1, 0, 1].map { vector + [$0] } } }
        return vectors.filter { vector in vector.contains { $0 != 0 } }
    }

    private static let wordNetFolder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Examples/wordnet")

    private static func wordNet(_ folder: String, count: Int, using random: inout RandomSource) throws -> [[Float]] {
        let folder = wordNetFolder.appending(path: folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path()).filter { $0.hasSuffix(".npy") }
        let all = try names.sorted().flatMap { try read(folder.appending(path: $0)) }
        return Array(all.shuffled(using: &random).prefix(count))
    }

    private static func read(_ file: URL) throws -> [[Float]] {
        let matrix = try NPY.read(Array(try Data(contentsOf: file)))
        return (0..<matrix.rows).map { row in
            Array(matrix.values[row * matrix.dimension..<(row + 1) * matrix.dimension])
        }
    }
}
