internal import SpoolProtocol
package import WireAPI

/// Where the shards of one kind come in and go, as the daemon names it.
package struct SpoolFolders {
    package let kind: ShardKind
    /// Where shards are dropped.
    package let spool: String
    /// Where receipts appear; `nil` where shards are deleted after their commit.
    package let done: String?
    /// Where the reasons of refusals appear.
    package let failed: String

    package init(_ kind: ShardKind, _ status: Status.Spool) {
        self.kind = kind
        spool = kind == .images ? status.images : status.references
        done = status.done.map { "\($0)/\(kind.rawValue)" }
        failed = "\(status.failed)/\(kind.rawValue)"
    }

    /// Checks that shards can be dropped from here.
    package func check() throws {
        guard try FileSystem.kind(of: spool) == .folder else {
            throw Failure(
                .inputOutput,
                "nnnd's spool folder \(spool) does not exist here: does nnnd see other files than you do, as in a "
                    + "container?")
        }
    }
}
