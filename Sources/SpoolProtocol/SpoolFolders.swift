package import PosixSupport
package import ShardFormats

/// The paths of the folders of a spool.
///
/// A sidecar is the file with the ids of a shard.
///
///     SPOOL/images/, SPOOL/references/                incoming folders: producers rename shards into these
///     SPOOL/processing/images/, ...                   claimed shards and sidecars; producers have no access
///     SPOOL/processing/done/images/, ...              sidecars while their shards are moved to `done/`
///     SPOOL/processing/failed/images/, ...            sidecars while their shards are moved to `failed/`
///     SPOOL/done/images/, SPOOL/done/references/      shards that took effect, and receipts
///     SPOOL/failed/images/, SPOOL/failed/references/  rejected shards, and error documents
package struct SpoolFolders: Sendable {
    /// The folder that contains all others, `SPOOL` above.
    package let root: String

    /// Where the files of a shard are moved after processing.
    package enum Destination: String, CaseIterable, Sendable {
        /// For shards that took effect.
        case done
        /// For rejected shards.
        case failed
    }

    /// The paths for the spool in the folder `root`.
    ///
    /// Does not create folders.
    package init(root: String) {
        self.root = root
    }

    /// The folder into which producers rename shards of this role.
    package func incoming(_ role: VectorRole) -> String { "\(root)/\(role.rawValue)" }

    /// The folder with the shards of this role that are claimed and not yet published.
    package func processing(_ role: VectorRole) -> String { "\(root)/processing/\(role.rawValue)" }

    /// The folder for the sidecar of a shard while the shard is moved to `destination`.
    package func leaving(_ destination: Destination, _ role: VectorRole) -> String {
        "\(root)/processing/\(destination.rawValue)/\(role.rawValue)"
    }

    /// The folder `done/` or `failed/` for this role.
    package func destination(_ destination: Destination, _ role: VectorRole) -> String {
        "\(root)/\(destination.rawValue)/\(role.rawValue)"
    }

    /// The folder with the shards of this role that took effect, and their receipts.
    package func done(_ role: VectorRole) -> String { destination(.done, role) }

    /// The folder with the rejected shards of this role, and their error documents.
    package func failed(_ role: VectorRole) -> String { destination(.failed, role) }

    /// The file that the daemon locks, so that no second daemon uses the spool.
    package var lock: String { "\(root)/processing/.lock" }

    /// The file that records the order of claims.
    package var claimLog: String { "\(root)/processing/.claims" }

    /// Creates the folders that are missing, with their permissions.
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
