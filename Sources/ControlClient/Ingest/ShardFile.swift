internal import FoundationEssentials
internal import PosixSupport
internal import ShardFormats
internal import SpoolProtocol

/// A file to put into the spool: a shard, with its sidecars (files of ids and heaps) if it has them, or a deletion list.
package struct ShardFile {
    /// Where the content comes from.
    package enum Source {
        /// The file at a path.
        case file(String)
        /// These bytes.
        case bytes([UInt8])
    }

    package let source: Source
    /// The name that the file gets in the spool.
    package let name: String
    /// The path of the sidecar, `NAME.ids` in the same folder as `NAME.npy`; `nil` if there is none.
    package let idsPath: String?
    /// The name that a sidecar of this shard must have in the spool, even if the shard has no sidecar; `nil` for a
    /// deletion list.
    package let idsName: String?
    /// The path of the file with its heaps, `NAME.heaps.npz` in the same folder; `nil` if it is submitted without heaps.
    package let heapsPath: String?
    /// The name that a file with its heaps has in the spool.
    package var heapsName: String? { SpoolNames.heaps(of: name) }

    /// The shard at a path.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - withHeaps: whether the file of its heaps, which must exist then, goes with it.
    /// - Throws: ``Failure`` if nnnd would not accept the name, or if the shard or its sidecars can't be read.
    package init(path: String, withHeaps: Bool = false) throws {
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
        let folder = String(Substring(path.utf8.dropLast(name.utf8.count)))
        let idsPath = folder + idsName
        guard let kind = try Self.kind(of: path) else { throw Failure(.noInput, "\(path): no such file") }
        guard kind == .regularFile else { throw Failure(.noInput, "\(path): not a file") }
        self.idsPath = try Self.kind(of: idsPath) == .regularFile ? idsPath : nil
        heapsPath = withHeaps ? SpoolNames.heaps(of: name).map { folder + $0 } : nil
        if withHeaps, try heapsPath.map(Self.kind) != .regularFile {
            throw Failure(.noInput, "\(path): there are no heaps \(heapsPath ?? "with so long a name")")
        }
        for path in [path, self.idsPath, heapsPath].compactMap(\.self) { try Self.checkReadable(path) }
    }

    /// A deletion list with this content; it gets a unique name in the spool.
    ///
    /// - Parameter bytes: UTF-8, one id per line.
    package init(deletionList bytes: [UInt8]) {
        source = .bytes(bytes)
        name = "nnnctl-\(UUID().uuidString)\(SpoolNames.deletionSuffix)"
        idsPath = nil
        idsName = nil
        heapsPath = nil
    }

    /// A deletion list with these ids, none of which can contain a line feed.
    package init(deleting ids: [String]) {
        // When nnnd reads a list, it removes a byte order mark at the beginning and the CR before each LF. This list
        // gets both, so that nnnd does not remove them from an id that begins with a byte order mark or ends with CR.
        let lines = ids.map { "\($0)\r\n" }
        self.init(deletionList: Array("\u{FEFF}".utf8) + Array(lines.joined().utf8))
    }

    /// Checks the shards that a command line names, before the first one is copied.
    ///
    /// - Parameters:
    ///   - paths: the paths of the shards.
    ///   - withHeaps: whether files of heaps go with them.
    /// - Returns: the shards, in the same order.
    /// - Throws: ``Failure`` if a shard can't be ingested, or if two have the same name in the spool.
    package static func check(_ paths: [String], withHeaps: Bool = false) throws -> [ShardFile] {
        let files = try paths.map { try ShardFile(path: $0, withHeaps: withHeaps) }
        var pathsByName: [[UInt8]: String] = [:]
        for (path, file) in zip(paths, files) {
            // The name of the sidecar is compared: words.npy and words.npz would have the same one. It is compared by
            // bytes, as file names are: for String, two forms of one character are equal.
            if let other = pathsByName.updateValue(path, forKey: Array((file.idsName ?? file.name).utf8)) {
                throw Failure(
                    .usage,
                    "\(other) and \(path) have the same name in the spool: ingest them one after the other, "
                        + "or rename one")
            }
        }
        return files
    }

    /// The kind of the file at `path`, which can be a link to it; `nil` if there is none.
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
