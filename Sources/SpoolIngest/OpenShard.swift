internal import Glibc
package import PosixSupport
package import ShardFormats
internal import SpoolProtocol

/// A file in the spool that is being read from its beginning to its end, and hashed on the way.
package final class OpenShard {
    package let entry: FileSystem.Entry
    private let descriptor: Int32
    private var offset = 0
    private let digest = ContentDigest()

    /// The file became shorter while it was read.
    package struct EndedEarly: Error {}

    /// Bytes read and hashed at a time: what is hashed is in the cache still.
    private static let pieceBytes = 1 << 18
    /// Where the header of a ``PlainNPY`` must end.
    private static let headerBytes = 1 << 12

    /// Opens the file at `path`.
    ///
    /// - Parameter limit: the most bytes that it may have.
    /// - Returns: `nil` where the file went away.
    /// - Throws: `ShardError` where it can't be a shard, ``SystemError`` where the fault isn't the file's.
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

    /// What makes it a ``PlainNPY``; `nil` where it is none, or something is wrong with it.
    package func plainNPY(limit: Int) throws -> PlainNPY? {
        let header = try Self.read(descriptor, 0..<min(entry.size, Self.headerBytes))
        return PlainNPY(header: header, byteCount: entry.size, maximumBytes: limit)
    }

    /// All bytes.
    package func readBytes() throws -> [UInt8] {
        let size = entry.size
        // The standard library would write to the storage that all empty arrays share.
        guard size > 0 else { return [] }
        return try unsafe [UInt8](unsafeUninitializedCapacity: size) { target, count in
            try unsafe read(into: UnsafeMutableRawBufferPointer(target))
            count = size
        }
    }

    /// The next `rows` rows of a ``PlainNPY``.
    package func readMatrix(_ plain: PlainNPY, rows: Int) throws -> Matrix {
        if offset == 0 {
            _ = try unsafe [UInt8](unsafeUninitializedCapacity: plain.dataOffset) { target, count in
                try unsafe read(into: UnsafeMutableRawBufferPointer(target))
                count = plain.dataOffset
            }
        }
        return try Matrix(rows: rows, dimension: plain.dimension) { bytes in
            try unsafe bytes.withUnsafeMutableBytes { try unsafe read(into: $0) }
        }
    }

    /// SHA-256 of the whole file, read a piece at a time; `nil` where it has changed meanwhile.
    package func readDigest() throws -> String? {
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        while offset < entry.size {
            let count = min(piece.count, entry.size - offset)
            try unsafe piece.withUnsafeMutableBytes { bytes in
                try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
            }
        }
        return try finish()
    }

    /// Tells the system that what was read won't be read again: the room in its cache is for what is written meanwhile.
    package func forgetRead() {
        posix_fadvise(descriptor, 0, offset, POSIX_FADV_DONTNEED)
    }

    /// SHA-256 of all that was read, in hexadecimal; `nil` where the file has changed since it was opened.
    package func finish() throws -> String? {
        guard try FileSystem.entry(descriptor: descriptor) == entry else { return nil }
        return digest.finish()
    }

    /// Fills `target` with what follows.
    private func read(into target: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        while done < target.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(
                rebasing: target[done..<min(done + Self.pieceBytes, target.count)])
            let count = unsafe pread(descriptor, rest.baseAddress, rest.count, offset)
            if count == 0 { throw EndedEarly() }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("read a shard")
            }
            unsafe digest.update(UnsafeRawBufferPointer(rebasing: rest[..<count]).bytes)
            done += count
            offset += count
        }
    }

    /// The bytes in `range`; fewer where the file ends before.
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
                    throw SystemError("read a shard")
                }
                count += read
            }
        }
    }
}
