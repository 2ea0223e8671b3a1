internal import PosixSupport
internal import ShardFormats

/// The names of the files that belong to a shard.
///
/// Both nnnd and nnnctl use these definitions.
///
/// For the shard `words.npy`:
///
///     words.ids                  its ids, one per line
///     words.heaps.npz            its heaps, if another program has computed them
///     words.npy.receipt.json     its receipt, in `done/`
///     words.npy.error.json       its error document, in `failed/`
///
/// The files with ids and heaps are its sidecars.
package enum SpoolNames {
    /// The ending of the name of a deletion list.
    package static let deletionSuffix = ".delete"
    /// The ending of the name of a sidecar with ids.
    package static let sidecarSuffix = ".ids"
    /// The ending of the name of a sidecar with heaps.
    package static let heapsSuffix = ".heaps.npz"
    /// The maximum length of the name of a document, in bytes.
    ///
    /// Linux allows 255; hidden temporary names are longer.
    private static let maximumDocumentBytes = 240

    /// What a file in an incoming folder is, by its name.
    package enum NameKind: Sendable {
        /// `NAME.npy`, `NAME.npz`, `NAME.safetensors` or `NAME.delete`.
        case shard
        /// `NAME.ids` or `NAME.heaps.npz`.
        case sidecar
        /// A leading dot, `.tmp` or `.part`: a producer is still writing the file.
        case temporary
        /// Any other name. Transfer tools and editors have such names for files that they still need.
        case other
    }

    /// What the file called `name` is.
    ///
    /// - Parameter name: the bytes of the name, which need not be UTF-8.
    package static func kind(of name: [UInt8]) -> NameKind {
        func ends(in suffix: String) -> Bool {
            name.count > suffix.utf8.count && name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
        }
        if name.first == UInt8(ascii: ".") || [".tmp", ".part"].contains(where: ends) { return .temporary }
        if ends(in: sidecarSuffix) || ends(in: heapsSuffix) { return .sidecar }
        return shardSuffixes.contains(where: ends) ? .shard : .other
    }

    /// Whether `name` is that of a shard.
    package static func isShard(_ name: String) -> Bool { kind(of: Array(name.utf8)) == .shard }

    private static let shardSuffixes = ShardFormat.allCases.map { ".\($0.rawValue)" } + [deletionSuffix]

    /// The name of the file with the ids of the shard called `name`; `nil` if it isn't the name of a file of vectors.
    package static func sidecar(of name: String) -> String? { stem(of: name).map { $0 + sidecarSuffix } }

    /// The name of the file with the heaps of the shard called `name`; `nil` if it isn't the name of a file of vectors,
    /// or is so long that no file can have this name.
    package static func heaps(of name: String) -> String? {
        stem(of: name).map { $0 + heapsSuffix }.flatMap { $0.utf8.count <= FileSystem.maximumNameByteCount ? $0 : nil }
    }

    private static func stem(of name: String) -> String? {
        if name.utf8.count > heapsSuffix.utf8.count, name.hasSuffix(heapsSuffix) { return nil }
        return ShardFormat(fileName: name).flatMap { $0.stem(of: name) }
    }

    /// The names of the shards that the sidecar called `name` can belong to, one for each format.
    package static func shards(ofSidecar name: String) -> [String] {
        for suffix in [sidecarSuffix, heapsSuffix] where name.hasSuffix(suffix) {
            return ShardFormat.allCases.map { "\(name.dropLast(suffix.count)).\($0.rawValue)" }
        }
        return []
    }

    /// The name of the receipt of the shard called `name`.
    package static func receipt(of name: String) -> String { document(name, ".receipt.json") }

    /// The name of the error document of the shard called `name`.
    package static func rejection(of name: String) -> String { document(name, ".error.json") }

    /// `name` and `suffix` as a file name of at most 240 bytes.
    ///
    /// If it would be longer, `name` is cut, and `~` and the first 16 digits of its SHA-256 are appended to it.
    ///
    /// - Parameter suffix: at most 200 bytes of ASCII.
    package static func document(_ name: String, _ suffix: String) -> String {
        let limit = maximumDocumentBytes - suffix.utf8.count
        guard name.utf8.count > limit else { return name + suffix }
        let digest = ContentDigest.hexadecimal(of: Array(name.utf8)).prefix(16)
        var start = Substring(name)
        while start.utf8.count > limit - digest.utf8.count - 1 { start.removeLast() }
        return "\(start)~\(digest)\(suffix)"
    }
}
