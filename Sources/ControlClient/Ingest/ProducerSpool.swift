internal import PosixSupport
package import ShardFormats
internal import SpoolProtocol
package import WireAPI

/// The folders of the daemon's spool for one role (images or references): takes shards, and reads their outcomes.
package struct ProducerSpool: Sendable {
    package let role: VectorRole
    /// The incoming folder: the folder for new shards.
    let incoming: String
    /// The folder with receipts.
    let done: String
    /// The folder with error documents.
    let failed: String

    /// The spool whose folders the daemon's status names.
    package init(_ role: VectorRole, _ status: Status.Spool) {
        self.role = role
        incoming = role == .images ? status.images : status.references
        // The parent of an incoming folder is the root of the spool.
        let folders = SpoolFolders(root: FileSystem.parent(of: incoming) ?? "")
        done = folders.done(role)
        failed = folders.failed(role)
    }

    /// Checks that the incoming folder exists in the file system that nnnctl sees.
    ///
    /// - Throws: ``Failure`` if it does not.
    package func check() throws {
        guard try FileSystem.entry(incoming, followsLinks: true)?.kind == .folder else {
            throw Failure(
                .inputOutput,
                "nnnd's spool folder \(incoming) does not exist here: does nnnd see other files than you do, as in a "
                    + "container?")
        }
    }

    /// Whether a shard is still in the incoming folder.
    package func isWaiting(_ shard: SubmittedShard) throws -> Bool {
        try FileSystem.exists("\(incoming)/\(shard.name)")
    }
}
