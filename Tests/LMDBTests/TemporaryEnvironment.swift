import Foundation
import LMDB

/// Environments in temporary folders, which are removed after use.
enum TemporaryEnvironment {
    /// Calls `body` with the path of a new folder.
    static func withFolder<R>(_ body: (String) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nnnd-lmdb-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path())
    }

    /// Calls `body` with an empty environment.
    static func with<R>(_ body: (LMDB.Environment) throws -> R) throws -> R {
        try withFolder { try body(LMDB.Environment(folder: $0, mapSize: 1 << 30)) }
    }
}
