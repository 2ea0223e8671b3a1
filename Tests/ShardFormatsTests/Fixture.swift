import FoundationEssentials
import ShardFormats

/// Files that numpy and safetensors wrote; `Fixtures/make_fixtures.py` says how.
enum Fixture {
    static let rows = 5
    static let dimension = 3

    /// The matrix that all of them hold, unless their name says otherwise.
    static let matrix: Matrix = {
        var values: [Float] = []
        for row in 0..<rows {
            for column in 0..<dimension { values.append(Float((row * 7 + column * 3) % 23 - 11) / 8) }
        }
        return Matrix(rows: rows, dimension: dimension, values: values)
    }()
    static let integers = ["-3", "7", "100", "-128", "0"]
    static let naturals = ["3", "7", "100", "255", "0"]
    static let texts = ["a", "Grüße", "日本", "naïve 😀", "with space"]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// The bytes of the file at `path` below the folder of fixtures.
    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: path)))
    }

    /// The paths of all files with an extension of a shard.
    static func allPaths() throws -> [String] {
        try ["npy", "npz", "safetensors"].flatMap { part in
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: part).path)
            return names.sorted().map { "\(part)/\($0)" }
        }
    }

    /// Reads a fixture as a shard named "NAME".
    static func shard(_ path: String, ids: [UInt8]? = nil) throws -> Shard {
        let ending = path.split(separator: ".").last ?? ""
        return try ShardReader.read(
            fileName: "NAME.\(ending)", bytes: try bytes(path), ids: ids, maximumBytes: 1 << 20)
    }
}
