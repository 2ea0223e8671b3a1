package import FoundationEssentials
package import PosixSupport
package import ShardFormats
internal import SpoolProtocol

/// The identity of a shard in the spool.
package struct ShardKey: Hashable, Sendable {
    /// Whether the shard has images or references.
    package let role: VectorRole
    /// The name of the shard's file.
    package let name: String

    /// The key of the shard called `name`.
    package init(_ role: VectorRole, _ name: String) {
        self.role = role
        self.name = name
    }

    /// The name of the sidecar with the shard's ids; `nil` if it isn't a file of vectors.
    package var sidecar: String? { SpoolNames.sidecar(of: name) }

    /// The name of the sidecar with the shard's heaps; `nil` if it isn't a file of vectors.
    package var heaps: String? { SpoolNames.heaps(of: name) }

    /// The names of both sidecars, which need not exist; empty if it isn't a file of vectors.
    package var sidecars: [String] { [sidecar, heaps].compactMap(\.self) }

    /// The names of this shard and of all shards that would have the same sidecar.
    ///
    /// One of them is claimed at a time.
    package var group: [String] { sidecar.map(SpoolNames.shards(ofSidecar:)) ?? [name] }

    /// A key that is the same for all shards of the group, and for no others.
    package var groupKey: ShardKey { ShardKey(role, sidecar ?? name) }
}

/// A file in the spool as a scan found it.
package struct SpoolFile: Equatable, Sendable {
    /// The identity of the shard.
    package let key: ShardKey
    /// The file, folder or link that the scan found.
    package let entry: FileSystem.Entry
    /// Whether the file is in `processing/`; otherwise it is in an incoming folder.
    package let isClaimed: Bool

    /// A file in an incoming folder or, if `isClaimed`, in `processing/`.
    package init(_ key: ShardKey, _ entry: FileSystem.Entry, isClaimed: Bool) {
        self.key = key
        self.entry = entry
        self.isClaimed = isClaimed
    }

    /// The path of the file, relative to the spool.
    package var relativePath: String { Self.relativePath(key, isClaimed: isClaimed) }

    /// The path below the spool of its sidecar with ids, which need not exist; `nil` if it can have none.
    package var sidecarPath: String? {
        key.sidecar.map { Self.relativePath(ShardKey(key.role, $0), isClaimed: isClaimed) }
    }

    /// The path below the spool of its sidecar with heaps, which need not exist; `nil` if it can have none.
    package var heapsPath: String? {
        key.heaps.map { Self.relativePath(ShardKey(key.role, $0), isClaimed: isClaimed) }
    }

    /// The path of a shard's file, relative to the spool.
    package static func relativePath(_ key: ShardKey, isClaimed: Bool) -> String {
        "\(isClaimed ? "processing/" : "")\(key.role.rawValue)/\(key.name)"
    }
}

/// A shard in `processing/`, where no producer can replace it.
package struct ClaimedShard: Equatable, Sendable {
    package let key: ShardKey
    /// The file when it was claimed.
    package let entry: FileSystem.Entry
    /// The name of the sidecar with ids that was claimed with it, if there was one.
    package let sidecar: String?
    /// The name of the sidecar with heaps that was claimed with it, if there was one.
    package let heaps: String?
    /// When its processing began: just before its claim, or later if an earlier run of the pipeline has claimed it.
    package let received: Date

    /// A shard whose files are in `processing/`.
    package init(
        _ key: ShardKey, _ entry: FileSystem.Entry, sidecar: String?, heaps: String? = nil, received: Date
    ) {
        self.key = key
        self.entry = entry
        self.sidecar = sidecar
        self.heaps = heaps
        self.received = received
    }

    /// The names of the sidecars that were claimed with it.
    package var sidecars: [String] { [sidecar, heaps].compactMap(\.self) }
}
