internal import Glibc
internal import PosixSupport
internal import SpoolProtocol

/// A copy of a file or of bytes in the incoming folder, under a random hidden name that the daemon ignores.
///
/// The copy is removed when the value is destroyed, unless ``place(at:)`` has renamed it.
struct TemporaryCopy: ~Copyable {
    /// A copy of a sidecar, for collections, which can't have values that can't be copied.
    final class Sidecar {
        let copy: TemporaryCopy

        init(_ copy: consuming TemporaryCopy) {
            self.copy = copy
        }
    }

    /// SHA-256 of the content, in hexadecimal.
    let sha256: String
    private let path: String

    /// Writes a copy and syncs it to the disk.
    ///
    /// - Throws: `SystemError`, ``Failure`` if the folder can't be written, or `CancellationError`; no copy is left
    ///   then.
    init(of source: ShardFile.Source, in folder: String) throws {
        // The shard's name is not part of it, because that may already have the maximum length.
        let path = "\(folder)/.nnnctl-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        let output = try Self.create(path, in: folder)
        do {
            // The daemon runs as another user in the folder's group. It must be able to read the copy under any umask.
            try output.addPermissions(S_IRGRP)
            sha256 = try Self.fill(output, from: source)
        } catch {
            try? FileSystem.remove(path)
            throw error
        }
        self.path = path
    }

    /// Renames the copy to `target`.
    func place(at target: String) throws(SystemError) {
        try FileSystem.rename(path, to: target)
    }

    // After place(at:) no file has the random name, and the removal does nothing.
    deinit { try? FileSystem.remove(path) }

    private static func create(_ path: String, in folder: String) throws -> OpenFile {
        do {
            return try OpenFile(creating: path)
        } catch {
            guard error.isPermissionDenied else { throw error }
            throw Failure(
                .noPermission,
                "no permission to write into the spool folder \(folder): members of its group have it")
        }
    }

    /// Writes the content and returns its SHA-256 in hexadecimal.
    private static func fill(_ output: borrowing OpenFile, from source: ShardFile.Source) throws -> String {
        switch source {
        case .file(let path):
            let input = try OpenFile(reading: path)
            return try copy(input, to: output)
        case .bytes(let bytes):
            try Task.checkCancellation()
            try output.write(bytes[...])
            try output.synchronize()
            return ContentDigest.hexadecimal(of: bytes)
        }
    }

    private static func copy(_ input: borrowing OpenFile, to output: borrowing OpenFile) throws -> String {
        let digest = ContentDigest()
        var buffer = [UInt8](repeating: 0, count: DescriptorIO.bufferByteCount)
        while true {
            try Task.checkCancellation()
            let count = try input.read(into: &buffer)
            if count == 0 { break }
            unsafe digest.update(buffer.span.extracting(first: count).bytes)
            try output.write(buffer[..<count])
        }
        try output.synchronize()
        return digest.finish()
    }
}
