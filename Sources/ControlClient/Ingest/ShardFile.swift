internal import ShardFormats

/// A shard on the operator's side, with the file of its ids if there is one beside it; or a list of ids to delete.
package struct ShardFile {
    /// Where bytes come from.
    package enum Source {
        /// From the file at a path.
        case file(String)
        /// They are these.
        case bytes([UInt8])
    }

    package let source: Source
    /// The name it will have in the spool.
    package let name: String
    /// The path of its ids: `NAME.ids` beside `NAME.npy`; `nil` if there is no such file.
    package let idsPath: String?
    /// The name that the file of ids will have in the spool, if there is one.
    package let idsName: String

    /// Checks that a shard can be dropped: the form of its name, and that the files are there.
    package init(path: String) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last.map(String.init), let format = ShardFormat(fileName: name),
            let stem = format.name(of: name)
        else {
            throw Failure(
                .dataRefused,
                "\(path): a shard's name ends in .npy, .npz or .safetensors; lists of ids go through "
                    + "'nnnctl delete --file'")
        }
        guard !name.hasPrefix(".") else {
            throw Failure(.dataRefused, "\(path): nnnd ignores files whose names start with a dot")
        }
        source = .file(path)
        self.name = name
        idsName = "\(stem).ids"
        let idsPath = (parts.dropLast() + [idsName[...]]).joined(separator: "/")
        guard let kind = try Self.kind(of: path) else { throw Failure(.noInput, "\(path): no such file") }
        guard kind == .file else { throw Failure(.noInput, "\(path): not a file") }
        self.idsPath = try Self.kind(of: idsPath) == .file ? idsPath : nil
        for path in [path, self.idsPath].compactMap(\.self) { try Self.checkReadable(path) }
    }

    /// A list of ids to delete, which goes into the spool as `name`.
    package init(deletionList bytes: [UInt8], name: String) {
        source = .bytes(bytes)
        self.name = name
        idsPath = nil
        idsName = name
    }

    /// Checks all shards of a command line before any is touched, and that none would take another's place.
    package static func check(_ paths: [String]) throws -> [ShardFile] {
        let files = try paths.map(ShardFile.init)
        var first: [String: String] = [:]
        for (path, file) in zip(paths, files) {
            if let other = first.updateValue(path, forKey: file.idsName) {
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
            return try FileSystem.kind(of: path)
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
