internal import Glibc
package import PosixSupport
package import ShardFormats

/// The content of a file in the spool, read into memory, with its SHA-256.
package struct LoadedFile {
    package let content: Content
    /// What fstat(2) told of the file when it was opened.
    ///
    /// It was the same after the file had been read.
    package let entry: FileSystem.Entry
    /// SHA-256 of the bytes, in hexadecimal.
    package let sha256: String

    /// The content: bytes, or a matrix that was read without a copy of the bytes.
    package enum Content {
        case bytes([UInt8])
        /// The matrix of an .npy file that ``RowMajorNPY`` can read.
        case matrix(Matrix)
    }

    /// The bytes; `nil` if a matrix was read.
    package var bytes: [UInt8]? {
        if case .bytes(let bytes) = content { bytes } else { nil }
    }

    /// Reads the bytes of the file at `path`.
    ///
    /// - Parameter limit: the maximum size of the file, in bytes.
    /// - Returns: `nil` if the file doesn't exist, or changes while it is read.
    /// - Throws: `ShardError` if it isn't a regular file, is too large, or the permission to read it is missing;
    ///   ``SystemError`` if the system can't read it for another reason.
    package init?(path: String, limit: Int) throws {
        guard let file = try OpenSpoolFile(path: path, limit: limit) else { return nil }
        try self.init(file, npy: nil)
    }

    /// Reads an open file from its start.
    ///
    /// - Parameter npy: the header, if the file must be read into a matrix; `nil` if its bytes must be read.
    /// - Returns: `nil` if the file changes while it is read.
    package init?(_ file: OpenSpoolFile, npy: RowMajorNPY?) throws {
        entry = file.entry
        do {
            content = try npy.map { .matrix(try file.readMatrix($0, rows: $0.rows)) } ?? .bytes(try file.readBytes())
            guard let digest = try file.digestIfUnchanged() else { return nil }
            sha256 = digest
        } catch is OpenSpoolFile.EndedEarly {
            return nil
        }
    }

    /// Whether the last byte of the file at `path` is a line feed; true if the file can't be opened.
    package static func endsInLineFeed(path: String) throws -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let size = try FileSystem.entry(descriptor: descriptor).size
        return try OpenSpoolFile.read(descriptor, max(0, size - 1)..<size) == [UInt8(ascii: "\n")]
    }

    /// Whether a file that may still be written has its full size, according to its content.
    ///
    /// ``ShardReader/completeness(_:size:read:)`` says how this is known. A file that can't be opened counts as
    /// complete: reading it reports the reason.
    package static func isComplete(path: String, format: ShardFormat) throws -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let size = try FileSystem.entry(descriptor: descriptor).size
        return try ShardReader.isComplete(format, size: size) { range in
            try OpenSpoolFile.read(descriptor, range)
        }
    }
}
