import IncrementalBias

/// Where everything of a spool lies.
///
///     SPOOL/images/, SPOOL/references/             producers rename shards into these
///     SPOOL/done/images/, SPOOL/done/references/   shards that took effect, with their receipts
///     SPOOL/failed/images/, ...                    shards that were refused, with the reasons
///     SPOOL/taken/images/, ...                     shards on the way from the first to the others, for a moment
struct SpoolFolders: Sendable {
    let root: String

    func incoming(_ kind: Kind) -> String { "\(root)/\(kind.rawValue)" }
    func done(_ kind: Kind) -> String { "\(root)/done/\(kind.rawValue)" }
    func failed(_ kind: Kind) -> String { "\(root)/failed/\(kind.rawValue)" }
    func taken(_ kind: Kind) -> String { "\(root)/taken/\(kind.rawValue)" }

    /// Makes what is missing.
    func make() throws(SystemError) {
        for (name, mode) in [("done", 0o750), ("failed", 0o750), ("taken", 0o700)] as [(String, UInt32)] {
            try FileSystem.makeFolder("\(root)/\(name)", mode: mode)
        }
        for kind in Kind.allCases {
            try FileSystem.makeFolder(incoming(kind), mode: 0o770)
            try FileSystem.makeFolder(done(kind), mode: 0o750)
            try FileSystem.makeFolder(failed(kind), mode: 0o750)
            try FileSystem.makeFolder(taken(kind), mode: 0o700)
        }
    }
}
