package import PosixSupport
package import ShardFormats

/// Where everything of a spool lies.
///
///     SPOOL/images/, SPOOL/references/             producers rename shards into these
///     SPOOL/done/images/, SPOOL/done/references/   shards that took effect, with their receipts
///     SPOOL/failed/images/, ...                    shards that were refused, with the reasons
///     SPOOL/taken/images/, ...                     shards on the way from the first to the others, for a moment
package struct SpoolFolders: Sendable {
    package let root: String

    /// Makes the value from its parts.
    package init(root: String) {
        self.root = root
    }

    package func incoming(_ kind: VectorRole) -> String { "\(root)/\(kind.rawValue)" }
    package func done(_ kind: VectorRole) -> String { "\(root)/done/\(kind.rawValue)" }
    package func failed(_ kind: VectorRole) -> String { "\(root)/failed/\(kind.rawValue)" }
    package func taken(_ kind: VectorRole) -> String { "\(root)/taken/\(kind.rawValue)" }

    /// Makes what is missing.
    package func make() throws(SystemError) {
        for (name, mode) in [("done", 0o750), ("failed", 0o750), ("taken", 0o700)] as [(String, UInt32)] {
            try FileSystem.makeFolder("\(root)/\(name)", mode: mode)
        }
        for kind in VectorRole.allCases {
            try FileSystem.makeFolder(incoming(kind), mode: 0o770)
            try FileSystem.makeFolder(done(kind), mode: 0o750)
            try FileSystem.makeFolder(failed(kind), mode: 0o750)
            try FileSystem.makeFolder(taken(kind), mode: 0o700)
        }
    }
}
