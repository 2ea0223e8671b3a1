import Crypto
import Glibc
import Shards

/// A file in the spool, read whole into memory of its own, with what identifies it.
struct ShardFile {
    let content: Content
    let entry: FileSystem.Entry
    /// SHA-256 of the bytes, in hexadecimal.
    let sha256: String

    /// What was read.
    enum Content {
        case bytes([UInt8])
        /// The matrix of a ``PlainNPY``.
        case matrix(Matrix)
    }

    /// The bytes; `nil` where a matrix was read.
    var bytes: [UInt8]? {
        if case .bytes(let bytes) = content { bytes } else { nil }
    }

    /// Bytes read and hashed at a time: what is hashed is in the cache still.
    private static let piece = 1 << 18
    /// Where the header of a ``PlainNPY`` must end.
    private static let headerBytes = 1 << 12

    /// Reads the file at `path`, so that nobody can change it any more.
    ///
    /// - Parameters:
    ///   - limit: the most bytes to read.
    ///   - isNPY: whether it is an .npy file, which may be read straight into a matrix.
    /// - Returns: `nil` where the file went away or is changing.
    /// - Throws: `ShardError` where it can't be a shard, ``SystemError`` where the fault isn't the file's.
    init?(path: String, limit: Int, isNPY: Bool = false) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP: throw ShardError.notRegularFile(kind: "a symbolic link")
            case ENXIO: throw ShardError.notRegularFile(kind: "a socket or device")
            case EACCES, EPERM: throw ShardError.unreadable(reason: SystemError("open").description)
            default: throw SystemError("open \(path)")
            }
        }
        defer { close(descriptor) }
        entry = try FileSystem.entry(descriptor: descriptor)
        guard entry.isRegularFile else { throw ShardError.notRegularFile(kind: "a folder, a pipe or a device") }
        guard entry.size <= limit else { throw ShardError.tooLarge(byteCount: entry.size, limit: limit) }
        var hash = SHA256()
        do {
            content = try Self.read(descriptor, size: entry.size, limit: limit, isNPY: isNPY, &hash)
        } catch is EndedEarly {
            return nil
        }
        guard try FileSystem.entry(descriptor: descriptor) == entry else { return nil }
        sha256 = hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The file became shorter while it was read.
    private struct EndedEarly: Error {}

    private static func read(
        _ descriptor: Int32, size: Int, limit: Int, isNPY: Bool, _ hash: inout SHA256
    ) throws -> Content {
        if isNPY {
            var header = try read(descriptor, 0..<min(size, headerBytes))
            if let plain = PlainNPY(header: header, byteCount: size, maximumBytes: limit) {
                header.removeSubrange(plain.dataOffset...)
                unsafe header.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
                return .matrix(
                    try Matrix(rows: plain.rows, dimension: plain.dimension) { bytes in
                        try unsafe bytes.withUnsafeMutableBytes {
                            try unsafe read(descriptor, from: plain.dataOffset, into: $0, &hash)
                        }
                    })
            }
        }
        return .bytes(
            try unsafe [UInt8](unsafeUninitializedCapacity: size) { target, count in
                try unsafe read(descriptor, from: 0, into: UnsafeMutableRawBufferPointer(target), &hash)
                count = size
            })
    }

    /// Fills `target` with what the file holds from `offset` on.
    private static func read(
        _ descriptor: Int32, from offset: Int, into target: UnsafeMutableRawBufferPointer, _ hash: inout SHA256
    ) throws {
        var done = 0
        while done < target.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[done..<min(done + piece, target.count)])
            let count = unsafe pread(descriptor, rest.baseAddress, rest.count, offset + done)
            if count == 0 { throw EndedEarly() }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("read a shard")
            }
            unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            done += count
        }
    }

    /// Whether the header of a file that is perhaps still being written agrees with its size.
    static func isComplete(path: String, format: ShardFormat) throws -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let size = try FileSystem.entry(descriptor: descriptor).size
        return try ShardReader.isComplete(format, size: size) { range in
            try read(descriptor, range)
        }
    }

    /// The bytes in `range`; fewer where the file ends before.
    private static func read(_ descriptor: Int32, _ range: Range<Int>) throws -> [UInt8] {
        try unsafe Array(unsafeUninitializedCapacity: range.count) { buffer, count in
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
