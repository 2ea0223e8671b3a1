package import FoundationEssentials
package import PosixSupport
package import ShardFormats
internal import SpoolProtocol

/// The identity of a shard in the spool.
package struct ShardKey: Hashable, Sendable {
    /// What the vectors of the shard are.
    package let role: VectorRole
    /// The name of the shard's file.
    package let name: String

    /// The key of the shard called `name`.
    package init(_ role: VectorRole, _ name: String) {
        self.role = role
        self.name = name
    }

    /// The shard's sidecar; `nil` where it can have none.
    package var sidecar: String? { SpoolNames.sidecar(of: name) }

    /// The files that share a sidecar with this shard, and the shard itself: one of them is claimed at a time.
    package var group: [String] { sidecar.map(SpoolNames.shards(ofSidecar:)) ?? [name] }

    /// What all shards of the group have in common, and no other shard.
    package var groupKey: ShardKey { ShardKey(role, sidecar ?? name) }
}

/// A file in the spool as a scan found it.
package struct SpoolFile: Equatable, Sendable {
    /// Which shard it would be.
    package let key: ShardKey
    /// What lay there.
    package let entry: FileSystem.Entry
    /// Whether it lies in `processing/`.
    package let isClaimed: Bool

    /// A file that lies in the incoming folder, or in `processing/` where `isClaimed`.
    package init(_ key: ShardKey, _ entry: FileSystem.Entry, isClaimed: Bool) {
        self.key = key
        self.entry = entry
        self.isClaimed = isClaimed
    }

    /// Its path below the spool.
    package var relativePath: String { Self.relativePath(key, isClaimed: isClaimed) }

    /// The path below the spool of the file of a shard.
    package static func relativePath(_ key: ShardKey, isClaimed: Bool) -> String {
        "\(isClaimed ? "processing/" : "")\(key.role.rawValue)/\(key.name)"
    }
}

/// A shard that lies in `processing/`, where no producer can replace it.
package struct ClaimedShard: Equatable, Sendable {
    /// Which shard it is.
    package let key: ShardKey
    /// Its file, as it looked when it was claimed.
    package let entry: FileSystem.Entry
    /// The name of the sidecar that was claimed with it, if there was one.
    package let sidecar: String?
    /// When its processing began: just before its claim, or later where an earlier run has claimed it.
    package let received: Date

    /// A shard whose files lie in `processing/`.
    package init(_ key: ShardKey, _ entry: FileSystem.Entry, sidecar: String?, received: Date) {
        self.key = key
        self.entry = entry
        self.sidecar = sidecar
        self.received = received
    }
}
