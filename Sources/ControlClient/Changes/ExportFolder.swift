internal import FoundationEssentials
internal import PosixSupport
internal import ShardFormats
internal import WireAPI

/// The folder of an export: `images.npy` and `images.ids` (together a shard), `means.npy`, `changes.ndjson` and
/// `manifest.json`.
///
/// What was written is on the disk before ``save(_:)`` records it in `progress.json`. An export that was interrupted
/// continues from there; what was written after it is cut off.
struct ExportFolder: ~Copyable {
    /// The size of the header of an .npy file: enough for any number of rows.
    private static let headerBytes = 128
    private static let progressName = "progress.json"
    private static let manifestName = "manifest.json"

    private let path: String
    private let vectors: OpenFile
    private let ids: OpenFile
    private let means: OpenFile
    private let changes: OpenFile
    /// What the folder has.
    private(set) var manifest: ExportManifest

    /// Opens the folder of an export that was interrupted, or creates a folder.
    ///
    /// - Parameters:
    ///   - path: the path of the folder; nothing, an empty folder or an unfinished export must be there.
    ///   - new: the manifest of a new export.
    /// - Throws: ``Failure`` if the export is complete, or another one; `SystemError`.
    init(_ path: String, _ new: ExportManifest) throws {
        let recorded = try Self.recorded(in: path)
        let manifest = recorded ?? new
        // Before the other files, so that a folder in which there is one of them is known as an unfinished export.
        if recorded == nil { try Self.record(manifest, in: path) }
        let vectors = try OpenFile(updating: "\(path)/images.npy")
        let ids = try OpenFile(updating: "\(path)/images.ids")
        let means = try OpenFile(updating: "\(path)/means.npy")
        let changes = try OpenFile(updating: "\(path)/changes.ndjson")
        try vectors.setLength(Self.headerBytes + manifest.rows * manifest.dimension * 4)
        try ids.setLength(manifest.idBytes)
        try means.setLength(Self.headerBytes + manifest.rows * 4)
        try changes.setLength(manifest.changeBytes)
        self.path = path
        self.manifest = manifest
        self.vectors = vectors
        self.ids = ids
        self.means = means
        self.changes = changes
    }

    /// What an export that was interrupted recorded; `nil` if there is none, after which the folder exists.
    private static func recorded(in path: String) throws -> ExportManifest? {
        guard try !FileSystem.exists("\(path)/\(manifestName)") else {
            throw Failure(.inputOutput, "\(path) has a complete export; name a new folder")
        }
        if let progress = try FileSystem.readRegularFile("\(path)/\(progressName)") {
            guard let found = try? WireJSON.decode(ExportManifest.self, from: Data(progress)) else {
                throw Failure(.dataRejected, "\(path)/\(progressName) can't be read; export into a new folder")
            }
            return found
        }
        if try !FileSystem.exists(path) { try FileSystem.createFolder(path, mode: 0o755) }
        guard try isEmpty(path) else {
            throw Failure(.inputOutput, "\(path) is neither empty nor an unfinished export; name a new folder")
        }
        return nil
    }

    /// Whether there is a folder with nothing in it but, perhaps, the hidden file of a manifest that was being written.
    private static func isEmpty(_ path: String) throws -> Bool {
        struct NotEmpty: Error {}
        guard try FileSystem.entry(path)?.kind == .folder else { return false }
        let hidden = FileSystem.hiddenPath(beside: "\(path)/\(progressName)", suffix: ".tmp")
        do {
            try FileSystem.forEachName(in: path) { name in
                if name.text != FileSystem.name(of: hidden) { throw NotEmpty() }
            }
            return true
        } catch is NotEmpty {
            return false
        }
    }

    /// Appends a page of images.
    mutating func append(_ page: ExportPage) throws {
        guard page.ids.isEmpty || manifest.rows == 0 || page.dimension == manifest.dimension else {
            throw Failure(
                .dataRejected,
                "the corpus was emptied and has vectors of another dimension now; export into a new folder")
        }
        if !page.ids.isEmpty { manifest.dimension = page.dimension }
        var lines: [UInt8] = []
        for id in page.ids {
            guard !id.utf8.contains(UInt8(ascii: "\n")) else {
                throw Failure(
                    .dataRejected,
                    "the id '\(id.printable)' has a line feed, so that images.ids can't have it; use the Python package"
                )
            }
            lines += id.utf8
            lines.append(UInt8(ascii: "\n"))
        }
        try vectors.write(page.vectors[...])
        try ids.write(lines[...])
        try means.write(page.means[...])
        manifest.rows += page.ids.count
        manifest.idBytes += lines.count
        (manifest.cursor, manifest.generation, manifest.k) = (page.cursor, page.generation, page.k)
        manifest.hasAllImages = !page.isInitial
        try save()
    }

    /// Appends a page of changes.
    mutating func append(_ lines: [UInt8], count: Int, _ end: ChangesEnd) throws {
        try changes.write(lines[...])
        manifest.changes += count
        manifest.changeBytes += lines.count
        (manifest.cursor, manifest.generation, manifest.k) = (end.nextCursor, end.generation, end.k)
        try save()
    }

    /// Writes the headers of the arrays and the manifest.
    func finish() throws {
        let shapes = [[manifest.rows, manifest.dimension], [manifest.rows]]
        for (index, shape) in shapes.enumerated() {
            let header = NPYHeaderBytes.float32(shape: shape, byteCount: Self.headerBytes)
            if index == 0 {
                try vectors.seek(to: 0)
                try vectors.write(header[...])
            } else {
                try means.seek(to: 0)
                try means.write(header[...])
            }
        }
        try save()
        try FileSystem.rename("\(path)/\(Self.progressName)", to: "\(path)/\(Self.manifestName)")
        try OpenFile(folder: path).synchronize()
    }

    /// Syncs all files to the disk, and then records what they have.
    func save() throws {
        try vectors.synchronize()
        try ids.synchronize()
        try means.synchronize()
        try changes.synchronize()
        try Self.record(manifest, in: path)
    }

    private static func record(_ manifest: ExportManifest, in path: String) throws {
        let bytes = Array(try WireJSON.encode(manifest, pretty: true))
        try FileSystem.writeAtomically(bytes + [UInt8(ascii: "\n")], to: "\(path)/\(progressName)")
        try OpenFile(folder: path).synchronize()
    }
}
