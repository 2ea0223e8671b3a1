internal import Glibc
package import PosixSupport
package import ShardFormats
internal import SpoolProtocol

/// An open file in the spool that is read from start to end.
///
/// Its SHA-256 is computed from the bytes that are read.
package final class OpenSpoolFile {
    /// What fstat(2) told of the file when it was opened.
    package let entry: FileSystem.Entry
    private let descriptor: Int32
    private var offset = 0
    private let digest = ContentDigest()

    /// The file became shorter while it was read.
    package struct EndedEarly: Error {}

    /// The number of bytes that are read and hashed at a time.
    ///
    /// A piece stays in the CPU's cache until it is hashed.
    private static let pieceBytes = 1 << 18
    /// The maximum length of the header of a ``RowMajorNPY``.
    private static let headerBytes = 1 << 12

    /// Opens the file at `path`.
    ///
    /// - Parameter limit: the maximum size of the file, in bytes.
    /// - Returns: `nil` if the file doesn't exist.
    /// - Throws: `ShardError` if it isn't a regular file, is too large, or the permission to read it is missing;
    ///   ``SystemError`` if the system can't open it for another reason.
    package init?(path: String, limit: Int) throws {
        descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP: throw ShardError.notRegularFile(kind: "a symbolic link")
            case ENXIO: throw ShardError.notRegularFile(kind: "a socket or device")
            case EACCES, EPERM: throw ShardError.unreadable(reason: SystemError("open").description)
            default: throw SystemError("open \(path)")
            }
        }
        do {
            entry = try FileSystem.entry(descriptor: descriptor)
            guard entry.isRegularFile else { throw ShardError.notRegularFile(kind: "a folder, a pipe or a device") }
            guard entry.size <= limit else { throw ShardError.tooLarge(byteCount: entry.size, limit: limit) }
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit {
        close(descriptor)
    }

    /// The header of the file; `nil` if the file isn't a valid .npy file that ``RowMajorNPY`` can read.
    package func rowMajorNPY(limit: Int) throws -> RowMajorNPY? {
        let header = try Self.read(descriptor, 0..<min(entry.size, Self.headerBytes))
        return RowMajorNPY(header: header, byteCount: entry.size, maximumBytes: limit)
    }

    /// Reads all bytes.
    package func readBytes() throws -> [UInt8] {
        let size = entry.size
        // With capacity 0 the standard library would write to the storage that all empty arrays share.
        guard size > 0 else { return [] }
        return try unsafe [UInt8](unsafeUninitializedCapacity: size) { target, count in
            try unsafe read(into: UnsafeMutableRawBufferPointer(target))
            count = size
        }
    }

    /// Reads the next `rows` rows of a ``RowMajorNPY``.
    package func readMatrix(_ npy: RowMajorNPY, rows: Int) throws -> Matrix {
        if offset == 0 {
            // The bytes before the matrix, which belong to the digest.
            _ = try unsafe [UInt8](unsafeUninitializedCapacity: npy.dataOffset) { target, count in
                try unsafe read(into: UnsafeMutableRawBufferPointer(target))
                count = npy.dataOffset
            }
        }
        return try npy.matrix(rows: rows) { bytes in
            try unsafe bytes.withUnsafeMutableBytes { try unsafe read(into: $0) }
        }
    }

    /// Reads the whole file.
    ///
    /// Returns its SHA-256, or `nil` if it has changed meanwhile.
    package func readDigest() throws -> String? {
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        while offset < entry.size {
            let count = min(piece.count, entry.size - offset)
            try unsafe piece.withUnsafeMutableBytes { bytes in
                try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
            }
        }
        return try digestIfUnchanged()
    }

    /// Removes the bytes that were read from the page cache, to leave it for pages of the store.
    package func dropReadBytesFromPageCache() {
        posix_fadvise(descriptor, 0, offset, POSIX_FADV_DONTNEED)
    }

    /// The SHA-256 of all bytes that were read, in hexadecimal; `nil` if the file has changed since it was opened.
    package func digestIfUnchanged() throws -> String? {
        guard try FileSystem.entry(descriptor: descriptor) == entry else { return nil }
        return digest.finish()
    }

    /// Fills `target` with the next bytes.
    ///
    /// - Throws: ``EndedEarly``, or ``SystemError``.
    private func read(into target: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        while done < target.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(
                rebasing: target[done..<min(done + Self.pieceBytes, target.count)])
            let count = unsafe pread(descriptor, rest.baseAddress, rest.count, offset)
            if count == 0 { throw EndedEarly() }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("read a file of the spool")
            }
            unsafe digest.update(UnsafeRawBufferPointer(rebasing: rest[..<count]).bytes)
            done += count
            offset += count
        }
    }

    /// The bytes of a file in `range`; fewer if the file ends before.
    package static func read(_ descriptor: Int32, _ range: Range<Int>) throws -> [UInt8] {
        guard !range.isEmpty else { return [] }
        return try unsafe Array(unsafeUninitializedCapacity: range.count) { buffer, count in
            while count < range.count {
                let read = unsafe pread(
                    descriptor, buffer.baseAddress.map { unsafe $0 + count }, range.count - count,
                    range.lowerBound + count)
                if read == 0 { break }
                if read < 0 {
                    if errno == EINTR { continue }
                    throw SystemError("read a file of the spool")
                }
                count += read
            }
        }
    }
}
