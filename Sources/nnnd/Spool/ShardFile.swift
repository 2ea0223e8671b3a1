import Crypto
import Glibc
import Shards

/// The bytes of a file in the spool, read whole, with what identifies them.
struct ShardFile {
    let bytes: [UInt8]
    let entry: FileSystem.Entry

    /// SHA-256 of the bytes, in hexadecimal.
    var sha256: String {
        var hash = SHA256()
        unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Reads the file at `path` into memory of its own, so that nobody can change it any more.
    ///
    /// - Parameter limit: the most bytes to read.
    /// - Returns: `nil` where the file went away or is changing.
    /// - Throws: `ShardError` where it can't be a shard, ``SystemError`` where the fault isn't the file's.
    init?(path: String, limit: Int) throws {
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
        guard let bytes = try Self.read(descriptor, 0..<entry.size), bytes.count == entry.size,
            try FileSystem.entry(descriptor: descriptor) == entry
        else { return nil }
        self.bytes = bytes
    }

    /// Whether the header of a file that is perhaps still being written agrees with its size.
    static func isComplete(path: String, format: ShardFormat) throws -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let size = try FileSystem.entry(descriptor: descriptor).size
        return try ShardReader.isComplete(format, size: size) { range in
            try read(descriptor, range) ?? []
        }
    }

    /// The bytes in `range`; fewer where the file ends before; `nil` where they can't be read.
    private static func read(_ descriptor: Int32, _ range: Range<Int>) throws -> [UInt8]? {
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
