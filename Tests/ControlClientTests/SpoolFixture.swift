import ControlClient
import Foundation
import PosixSupport
import ShardFormats
import SpoolProtocol
import WireAPI

/// A spool without a daemon: the test does what the daemon would do.
final class SpoolFixture: Sendable {
    let root: String
    private let names = [
        "images", "references", "done/images", "done/references", "failed/images", "failed/references",
    ]

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("nnnd-\(UUID().uuidString)").path
        for name in names { try FileSystem.makeFolder("\(root)/\(name)", mode: 0o770) }
        try FileSystem.makeFolder("\(root)/files", mode: 0o770)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    /// The spool for images, as nnnctl uses it.
    var images: ProducerSpool { ProducerSpool(.images, Documents.status(spool: root).spool) }

    /// Creates a file outside the spool and returns its path.
    func file(_ name: String, _ content: String = "content") throws -> String {
        let path = "\(root)/files/\(name)"
        try FileSystem.writeAtomically(Array(content.utf8), to: path)
        return path
    }

    /// The names in a folder of the spool, sorted.
    func names(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []).sorted()
    }

    /// Does what the daemon does with a shard that takes effect: writes a receipt and removes the files.
    ///
    /// - Parameter change: changes the receipt of a plain commit.
    func commit(_ name: String, at time: Date = Date(), _ change: (inout ShardReceipt) -> Void = { _ in }) throws {
        let sha256 = try digest(name) ?? ""
        let ids = try SpoolNames.sidecar(of: name).flatMap { try digest($0) }
        var receipt = Documents.receipt(name: name, sha256: sha256, idsSha256: ids, at: time)
        change(&receipt)
        try write(receipt, to: "done/images/\(SpoolNames.receipt(of: name))")
        try takeAway(name)
    }

    /// Does what the daemon does with a shard that it rejects.
    func reject(_ name: String, at time: Date = Date()) throws {
        try write(
            Documents.rejection(name: name, at: time), to: "failed/images/\(SpoolNames.rejection(of: name))")
        try takeAway(name)
    }

    /// Removes a shard and its sidecar from the incoming folder.
    func takeAway(_ name: String) throws {
        try FileSystem.remove("\(root)/images/\(name)")
        if let ids = SpoolNames.sidecar(of: name) { try FileSystem.remove("\(root)/images/\(ids)") }
    }

    private func digest(_ name: String) throws -> String? {
        try FileSystem.readRegularFile("\(root)/images/\(name)").map { ContentDigest.hexadecimal(of: $0) }
    }

    private func write(_ document: some Encodable, to path: String) throws {
        try FileSystem.writeAtomically(Array(try WireJSON.encode(document, pretty: true)), to: "\(root)/\(path)")
    }
}
