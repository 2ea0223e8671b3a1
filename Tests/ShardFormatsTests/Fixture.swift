import FoundationEssentials
import ShardFormats

/// The files in `Fixtures/`, which `Fixtures/make_fixtures.py` has written with numpy and safetensors.
enum Fixture {
    static let rows = 5
    static let dimension = 3

    /// The matrix that the files contain, unless their names say otherwise.
    static let matrix: Matrix = {
        var values: [Float] = []
        for row in 0..<rows {
            for column in 0..<dimension { values.append(Float((row * 7 + column * 3) % 23 - 11) / 8) }
        }
        return Matrix(rows: rows, dimension: dimension, values: values)
    }()
    static let firstRow = Matrix(rows: 1, dimension: dimension, values: Array(matrix.values[..<dimension]))
    /// The ids in the files with signed integers.
    static let integers = ["-3", "7", "100", "-128", "0"]
    /// The ids in the files with unsigned integers.
    static let naturals = ["3", "7", "100", "255", "0"]
    /// The ids in the files with text.
    static let texts = ["a", "Grüße", "日本", "naïve 😀", "with space"]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// The bytes of the file at `path` below the folder of fixtures.
    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: path)))
    }

    /// The paths of all fixtures.
    static func allPaths() throws -> [String] {
        try ["npy", "npz", "safetensors"].flatMap { part in
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: part).path)
            return names.sorted().map { "\(part)/\($0)" }
        }
    }

    /// Reads a fixture as a shard with the name "NAME" and, if given, this sidecar.
    static func shard(_ path: String, ids: [UInt8]? = nil) throws -> Shard {
        let ending = path.split(separator: ".").last ?? ""
        return try ShardReader.read(
            fileName: "NAME.\(ending)", bytes: try bytes(path), ids: ids, maximumBytes: 1 << 20)
    }
}
