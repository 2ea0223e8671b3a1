internal import PosixSupport
package import ShardFormats
internal import SpoolProtocol
package import WireAPI

/// Puts shards of one role into the daemon's spool, and reads what became of them.
package struct SpoolClient: Sendable {
    package let role: VectorRole
    /// The folder for new shards.
    let incoming: String
    /// The folder with receipts.
    let done: String
    /// The folder with the reasons of rejections.
    let failed: String

    /// A client of the spool that the daemon's status names.
    package init(_ role: VectorRole, _ status: Status.Spool) {
        self.role = role
        incoming = role == .images ? status.images : status.references
        // Both folders for new shards lie at the top of the spool.
        let folders = SpoolFolders(root: FileSystem.parent(of: incoming) ?? "")
        done = folders.done(role)
        failed = folders.failed(role)
    }

    /// Checks that the folder for new shards exists here.
    ///
    /// - Throws: ``Failure`` with the reason.
    package func check() throws {
        guard try FileSystem.entry(incoming, followsLinks: true)?.kind == .folder else {
            throw Failure(
                .inputOutput,
                "nnnd's spool folder \(incoming) does not exist here: does nnnd see other files than you do, as in a "
                    + "container?")
        }
    }

    /// Whether a shard still waits in the spool.
    package func isWaiting(_ shard: SubmittedShard) throws -> Bool {
        try FileSystem.exists("\(incoming)/\(shard.name)")
    }
}
