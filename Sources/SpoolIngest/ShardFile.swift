internal import Glibc
package import PosixSupport
package import ShardFormats

/// A file in the spool, read whole into memory of its own, with what identifies it.
package struct ShardFile {
    package let content: Content
    package let entry: FileSystem.Entry
    /// SHA-256 of the bytes, in hexadecimal.
    package let sha256: String

    /// What was read.
    package enum Content {
        case bytes([UInt8])
        /// The matrix of a ``PlainNPY``.
        case matrix(Matrix)
    }

    /// The bytes; `nil` where a matrix was read.
    package var bytes: [UInt8]? {
        if case .bytes(let bytes) = content { bytes } else { nil }
    }

    /// Reads the file at `path`, so that nobody can change it any more.
    ///
    /// - Parameters:
    ///   - limit: the most bytes to read.
    ///   - isNPY: whether it is an .npy file, which may be read straight into a matrix.
    /// - Returns: `nil` where the file went away or is changing.
    /// - Throws: `ShardError` where it can't be a shard, ``SystemError`` where the fault isn't the file's.
    package init?(path: String, limit: Int, isNPY: Bool = false) throws {
        guard let file = try OpenShard(path: path, limit: limit) else { return nil }
        try self.init(file, plain: isNPY ? file.plainNPY(limit: limit) : nil)
    }

    /// Reads an open file from its beginning.
    ///
    /// - Parameter plain: what makes it a ``PlainNPY``, if it is one.
    /// - Returns: `nil` where the file is changing.
    package init?(_ file: OpenShard, plain: PlainNPY?) throws {
        entry = file.entry
        do {
            content = try plain.map { .matrix(try file.readMatrix($0, rows: $0.rows)) } ?? .bytes(try file.readBytes())
            guard let digest = try file.finish() else { return nil }
            sha256 = digest
        } catch is OpenShard.EndedEarly {
            return nil
        }
    }

    /// Whether the header of a file that is perhaps still being written agrees with its size.
    package static func isComplete(path: String, format: ShardFormat) throws -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let size = try FileSystem.entry(descriptor: descriptor).size
        return try ShardReader.isComplete(format, size: size) { range in
            try OpenShard.read(descriptor, range)
        }
    }
}
