internal import ShardFormats

/// The names of files in a spool: which are shards, which belong to a shard, and what the daemon's documents are called.
///
/// For the shard `words.npy`:
///
///     words.ids                  its sidecar: one id a line
///     words.npy.receipt.json     its receipt, in `done/`
///     words.npy.error.json       the reason of its rejection, in `failed/`
package enum SpoolNames {
    /// The name ending of a list of ids to delete.
    package static let deletionSuffix = ".delete"
    /// The name ending of a sidecar.
    package static let sidecarSuffix = ".ids"
    /// The most bytes that the name of a document has; Linux allows 255.
    private static let maximumDocumentBytes = 240

    /// The sidecar of the shard called `name`; `nil` where the shard can have none.
    package static func sidecar(of name: String) -> String? {
        ShardFormat(fileName: name).flatMap { $0.name(of: name) }.map { $0 + sidecarSuffix }
    }

    /// The shards that the sidecar called `name` can belong to: one for each format.
    package static func shards(ofSidecar name: String) -> [String] {
        guard name.hasSuffix(sidecarSuffix) else { return [] }
        return ShardFormat.allCases.map { "\(name.dropLast(sidecarSuffix.count)).\($0.rawValue)" }
    }

    /// The receipt of the shard called `name`.
    package static func receipt(of name: String) -> String { document(name, ".receipt.json") }

    /// The document that tells why the shard called `name` was rejected.
    package static func rejection(of name: String) -> String { document(name, ".error.json") }

    /// Whether a file called `name` could be taken for one of the daemon's documents.
    package static func isDocument(_ name: String) -> Bool {
        name.hasSuffix(".receipt.json") || name.hasSuffix(".error.json")
    }

    /// `name` with a suffix; a long name is shortened, and ends in `~` and the start of its SHA-256.
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
