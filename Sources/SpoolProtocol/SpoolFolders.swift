package import PosixSupport
package import ShardFormats

/// Where everything of a spool lies.
///
///     SPOOL/images/, SPOOL/references/                producers rename shards into these
///     SPOOL/processing/images/, ...                   claimed shards with their sidecars: no producer can replace them
///     SPOOL/processing/done/images/, ...              sidecars whose shards move to `done/`
///     SPOOL/processing/failed/images/, ...            sidecars whose shards move to `failed/`
///     SPOOL/done/images/, SPOOL/done/references/      shards that took effect, with their receipts
///     SPOOL/failed/images/, SPOOL/failed/references/  shards that were rejected, with the reasons
package struct SpoolFolders: Sendable {
    /// The folder of the whole spool.
    package let root: String

    /// Where a shard goes when it has been processed.
    package enum Destination: String, CaseIterable, Sendable {
        case done, failed
    }

    /// The folders of the spool in `root`.
    package init(root: String) {
        self.root = root
    }

    /// Where producers put shards of this role.
    package func incoming(_ role: VectorRole) -> String { "\(root)/\(role.rawValue)" }

    /// Where shards of this role lie from their claim until they are published.
    package func processing(_ role: VectorRole) -> String { "\(root)/processing/\(role.rawValue)" }

    /// Where the sidecar of a shard lies while the shard moves to `destination`.
    package func leaving(_ destination: Destination, _ role: VectorRole) -> String {
        "\(root)/processing/\(destination.rawValue)/\(role.rawValue)"
    }

    /// Where shards of this role lie when they have been processed.
    package func destination(_ destination: Destination, _ role: VectorRole) -> String {
        "\(root)/\(destination.rawValue)/\(role.rawValue)"
    }

    /// Where shards of this role lie that took effect.
    package func done(_ role: VectorRole) -> String { destination(.done, role) }

    /// Where shards of this role lie that were rejected.
    package func failed(_ role: VectorRole) -> String { destination(.failed, role) }

    /// The file whose lock keeps a second daemon off the spool.
    package var lock: String { "\(root)/processing/.lock" }

    /// The file that keeps the order of claims.
    package var claimLog: String { "\(root)/processing/.claims" }

    /// Makes what is missing.
    package func make() throws(SystemError) {
        for (name, mode) in [("done", 0o750), ("failed", 0o750), ("processing", 0o700)] as [(String, UInt32)] {
            try FileSystem.makeFolder("\(root)/\(name)", mode: mode)
        }
        for destination in Destination.allCases {
            try FileSystem.makeFolder("\(root)/processing/\(destination.rawValue)", mode: 0o700)
        }
        for role in VectorRole.allCases {
            try FileSystem.makeFolder(incoming(role), mode: 0o770)
            try FileSystem.makeFolder(processing(role), mode: 0o700)
            for destination in Destination.allCases {
                try FileSystem.makeFolder(self.destination(destination, role), mode: 0o750)
                try FileSystem.makeFolder(leaving(destination, role), mode: 0o700)
            }
        }
    }
}
