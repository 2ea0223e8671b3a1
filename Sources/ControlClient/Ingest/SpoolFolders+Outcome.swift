internal import FoundationEssentials
internal import SpoolProtocol
package import WireAPI

extension SpoolFolders {
    /// What became of a shard; `nil` while that is open.
    ///
    /// A receipt counts if it is of the same content. That of an earlier drop is replaced soon after the shard has left
    /// the spool, by one that says "unchanged"; it counts only where that doesn't come. A refusal counts if it is not
    /// older than the drop.
    ///
    /// - Parameters:
    ///   - drop: the shard.
    ///   - listed: the receipts that the daemon's status lists, for where it writes none into a folder.
    ///   - takesOld: whether the receipt of an earlier drop counts.
    /// - Returns: the receipt or the refusal.
    /// - Throws: a ``SystemError`` if a document is there and can't be read.
    package func outcome(of drop: Drop, listed: [ShardReceipt], takesOld: Bool) throws -> ShardOutcome? {
        guard try !holds(drop) else { return nil }
        // Documents carry milliseconds only.
        let earliest = drop.time.addingTimeInterval(-0.002)
        if let failure: ShardFailure = try document("\(failed)/\(drop.name).error.json"), failure.refused >= earliest {
            return .refused(failure)
        }
        let receipts: [ShardReceipt]
        if let done {
            receipts = [try document("\(done)/\(drop.name).receipt.json")].compactMap(\.self)
        } else {
            receipts = listed
        }
        return receipts.first { receipt in
            matches(receipt, drop) && (takesOld || receipt.unchanged || receipt.received >= earliest)
        }.map(ShardOutcome.committed)
    }

    /// Whether the receipt of a shard may have been pushed off the list in the daemon's status by newer ones.
    package func mayBeOff(_ listed: [ShardReceipt], _ drop: Drop) throws -> Bool {
        guard done == nil, let oldest = listed.last else { return false }
        return try oldest.commitStarted > drop.time && !holds(drop)
    }

    private func matches(_ receipt: ShardReceipt, _ drop: Drop) -> Bool {
        receipt.name == drop.name && receipt.kind == kind.rawValue && receipt.sha256 == drop.sha256
            && receipt.idsSha256 == drop.idsSHA256
    }

    private func document<Document: Decodable>(_ path: String) throws -> Document? {
        try FileSystem.document(path).flatMap { try? WireJSON.decode(Document.self, from: Data($0)) }
    }
}
