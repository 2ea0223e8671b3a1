internal import FoundationEssentials
internal import PosixSupport
internal import ShardFormats
internal import SpoolProtocol

/// A file to put into the spool: a shard, with its sidecar if there is one beside it, or a list of ids to delete.
package struct ShardFile {
    /// The origin of the content.
    package enum Source {
        /// The file at a path.
        case file(String)
        /// These bytes.
        case bytes([UInt8])
    }

    package let source: Source
    /// The name that the file gets in the spool.
    package let name: String
    /// The path of the sidecar, `NAME.ids` beside `NAME.npy`; `nil` if there is none.
    package let idsPath: String?
    /// The name that the sidecar has in the spool; `nil` for a list of ids to delete.
    package let idsName: String?

    /// A shard at a path, after a check that its name is one that nnnd accepts and that its files can be read.
    ///
    /// - Throws: ``Failure`` with the reason.
    package init(path: String) throws {
        let name = FileSystem.name(of: path)
        guard let idsName = SpoolNames.sidecar(of: name) else {
            throw Failure(
                .dataRejected,
                "\(path): a shard's name ends in .npy, .npz or .safetensors; lists of ids go through "
                    + "'nnnctl delete --file'")
        }
        guard name.utf8.first != UInt8(ascii: ".") else {
            throw Failure(.dataRejected, "\(path): nnnd ignores files whose names begin with a dot; rename the file")
        }
        let limit = FileSystem.maximumNameByteCount
        guard name.utf8.count <= limit else {
            throw Failure(
                .dataRejected,
                "\(path): the name has \(name.utf8.count) bytes, and a file's name can have \(limit); use a shorter one"
            )
        }
        source = .file(path)
        self.name = name
        self.idsName = idsName
        let idsPath = String(Substring(path.utf8.dropLast(name.utf8.count))) + idsName
        guard let kind = try Self.kind(of: path) else { throw Failure(.noInput, "\(path): no such file") }
        guard kind == .regularFile else { throw Failure(.noInput, "\(path): not a file") }
        self.idsPath = try Self.kind(of: idsPath) == .regularFile ? idsPath : nil
        for path in [path, self.idsPath].compactMap(\.self) { try Self.checkReadable(path) }
    }

    /// A list of ids to delete, of these bytes; it gets a name in the spool that no other file has.
    package init(deletionList bytes: [UInt8]) {
        source = .bytes(bytes)
        name = "nnnctl-\(UUID().uuidString)\(SpoolNames.deletionSuffix)"
        idsPath = nil
        idsName = nil
    }

    /// A list that deletes exactly these ids, each without a line feed.
    package init(deleting ids: [String]) {
        // A reader drops one byte order mark and the CR before each LF. Those of the list come first, so that an id
        // keeps its own.
        let lines = ids.map { "\($0)\r\n" }
        self.init(deletionList: Array("\u{FEFF}".utf8) + Array(lines.joined().utf8))
    }

    /// Checks the shards of a command line before any is copied, and that no two have the same name in the spool.
    package static func check(_ paths: [String]) throws -> [ShardFile] {
        let files = try paths.map(ShardFile.init(path:))
        var first: [[UInt8]: String] = [:]
        for (path, file) in zip(paths, files) {
            // Shards of two formats have one sidecar.
            if let other = first.updateValue(path, forKey: Array((file.idsName ?? file.name).utf8)) {
                throw Failure(
                    .usage,
                    "\(other) and \(path) have the same name in the spool: ingest them one after the other, "
                        + "or rename one")
            }
        }
        return files
    }

    private static func kind(of path: String) throws -> FileSystem.Kind? {
        do {
            return try FileSystem.entry(path, followsLinks: true)?.kind
        } catch {
            throw Failure(.noInput, error.description)
        }
    }

    private static func checkReadable(_ path: String) throws {
        do {
            _ = try OpenFile(reading: path)
        } catch {
            throw Failure(.noInput, error.description)
        }
    }
}
