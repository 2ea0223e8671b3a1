internal import FoundationEssentials
internal import Glibc
internal import SpoolProtocol

/// A copy of a file or of bytes in the spool folder, under a name that the daemon ignores.
///
/// It is removed unless it was put into place.
package struct SpoolCopy: ~Copyable {
    /// SHA-256 of the content, in hexadecimal.
    package let sha256: String
    private let path: String

    /// Makes a copy, and waits until the copy is on the disk.
    ///
    /// No copy is left if it throws.
    ///
    /// - Throws: a ``SystemError``, a ``Failure`` if the folder is closed to us, or `CancellationError`.
    package init(of source: ShardFile.Source, named name: String, in folder: String) throws {
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let path = "\(folder)/.nnnctl-\(random)-\(name)"
        let output = try Self.create(path, in: folder)
        do {
            // The daemon is another user, in the folder's group: whatever our mask says, it must read this.
            try output.allow(S_IRGRP)
            sha256 = try Self.fill(output, from: source)
        } catch {
            FileSystem.remove(path)
            throw error
        }
        self.path = path
    }

    /// Gives the copy its name.
    package func place(at target: String) throws(SystemError) {
        try FileSystem.rename(path, to: target)
    }

    // Once in place nothing has the random name any more.
    deinit { FileSystem.remove(path) }

    private static func create(_ path: String, in folder: String) throws -> OpenFile {
        do {
            return try OpenFile(creating: path)
        } catch {
            guard error.code == EACCES || error.code == EPERM else { throw error }
            throw Failure(
                .noPermission,
                "no permission to write into the spool folder \(folder): its group may be the one to join")
        }
    }

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
        var buffer = [UInt8](repeating: 0, count: OpenFile.bufferByteCount)
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
