internal import Glibc
package import PosixSupport
package import ShardFormats

/// The content of a file in the spool, read into memory, with its SHA-256.
package struct ShardFile {
    package let content: Content
    /// The file when it was opened.
    ///
    /// It did not change while it was read.
    package let entry: FileSystem.Entry
    /// SHA-256 of the bytes, in hexadecimal.
    package let sha256: String

    /// The content: bytes, or a matrix that was read without a copy of the bytes.
    package enum Content {
        case bytes([UInt8])
        /// The matrix of a ``PlainNPY``.
        case matrix(Matrix)
    }

    /// The bytes; `nil` if a matrix was read.
    package var bytes: [UInt8]? {
        if case .bytes(let bytes) = content { bytes } else { nil }
    }

    /// Reads the file at `path`.
    ///
    /// - Parameters:
    ///   - limit: the maximum size of the file, in bytes.
    ///   - isNPY: whether it is an .npy file. A ``PlainNPY`` is read directly into a matrix.
    /// - Returns: `nil` if the file doesn't exist, or changes while it is read.
    /// - Throws: `ShardError` if it isn't a regular file, may not be read, or is too large; ``SystemError`` if the
    ///   system can't read it for another reason.
    package init?(path: String, limit: Int, isNPY: Bool = false) throws {
        guard let file = try OpenShard(path: path, limit: limit) else { return nil }
        try self.init(file, plain: isNPY ? file.plainNPY(limit: limit) : nil)
    }

    /// Reads an open file from its start.
    ///
    /// - Parameter plain: the header, if the file is a ``PlainNPY`` and must be read into a matrix.
    /// - Returns: `nil` if the file changes while it is read.
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

    /// Whether the last byte of the file at `path` is a line feed; true if the file went away.
    package static func endsInLineFeed(path: String) throws -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let size = try FileSystem.entry(descriptor: descriptor).size
        return try OpenShard.read(descriptor, max(0, size - 1)..<size) == [UInt8(ascii: "\n")]
    }

    /// Whether a file that may still be written has the size that its header tells.
    ///
    /// A file that can't be opened counts as complete: reading it reports the reason.
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
