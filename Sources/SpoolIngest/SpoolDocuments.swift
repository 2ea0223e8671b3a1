internal import FoundationEssentials
package import IncrementalBias
internal import Observability
internal import PosixSupport
package import ShardFormats
package import SpoolProtocol
package import WireAPI

/// Writes the documents that tell producers what became of their shards: receipts in `done/`, errors in `failed/`.
package struct SpoolDocuments: Sendable {
    /// The spool.
    package let folders: SpoolFolders

    /// The maximum size of a receipt that is read, in bytes.
    private static let maximumBytes = 1 << 20

    /// The documents of a spool.
    package init(_ folders: SpoolFolders) {
        self.folders = folders
    }

    /// Writes the receipt of a shard.
    package func write(_ receipt: Receipt, unchanged: Bool) throws {
        try write(ShardReceipt(receipt, unchanged: unchanged), to: path(of: receipt))
    }

    /// Writes the error document of a shard.
    package func write(_ failure: ShardFailure, _ role: VectorRole) throws {
        try write(failure, to: "\(folders.failed(role))/\(SpoolNames.rejection(of: failure.name))")
    }

    /// Whether the receipt document in `done/` is that of `receipt`, and not that of an earlier shard with the same name.
    package func contains(_ receipt: Receipt) -> Bool {
        guard let file = try? LoadedFile(path: path(of: receipt), limit: Self.maximumBytes) else { return false }
        let document = try? WireJSON.decode(ShardReceipt.self, from: Data(file.bytes ?? []))
        return document?.generation == receipt.generation && document?.sha256 == receipt.sha256
    }

    private func path(of receipt: Receipt) -> String {
        "\(folders.done(receipt.role))/\(SpoolNames.receipt(of: receipt.name))"
    }

    private func write(_ document: some Encodable, to path: String) throws {
        let bytes = Array(try WireJSON.encode(document, pretty: true)) + [UInt8(ascii: "\n")]
        // Something that was rejected, for example a folder, can have the name of this document. It is renamed.
        if let obstacle = try FileSystem.entry(path), !obstacle.isRegularFile {
            try FileSystem.move(path, to: SpoolFolders.place(beside: path, obstacle))
        }
        do throws(SystemError) {
            try FileSystem.writeAtomically(bytes, to: path)
        } catch {
            guard error.meansMissingFolder else { throw error }
            try folders.make()
            try FileSystem.writeAtomically(bytes, to: path)
        }
    }
}
