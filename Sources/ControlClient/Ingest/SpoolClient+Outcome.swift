internal import FoundationEssentials
internal import PosixSupport
internal import ShardFormats
internal import SpoolProtocol
internal import WireAPI

extension SpoolClient {
    /// The outcome of a shard; `nil` while it is pending.
    ///
    /// A receipt counts if it is of the same content. The receipt of an earlier submission is replaced soon after the
    /// shard has left the spool, by one that says "unchanged"; it counts only if `acceptsEarlier`. A rejection counts
    /// if it is not older than the submission.
    ///
    /// - Parameters:
    ///   - shard: the shard.
    ///   - acceptsEarlier: whether the receipt of an earlier submission counts.
    /// - Throws: `SystemError` if a document exists and can't be read.
    package func outcome(of shard: SubmittedShard, acceptsEarlier: Bool) throws -> ShardOutcome? {
        guard try !isWaiting(shard) else { return nil }
        // Documents carry milliseconds only.
        let earliest = shard.time.addingTimeInterval(-0.002)
        let rejection: ShardFailure? = try document("\(failed)/\(SpoolNames.rejection(of: shard.name))")
        if let rejection, rejection.name == shard.name, rejection.rejected >= earliest { return .rejected(rejection) }
        let receipt: ShardReceipt? = try document("\(done)/\(SpoolNames.receipt(of: shard.name))")
        guard let receipt, matches(receipt, shard) else { return nil }
        guard acceptsEarlier || receipt.unchanged || receipt.received >= earliest else { return nil }
        return .committed(receipt)
    }

    private func matches(_ receipt: ShardReceipt, _ shard: SubmittedShard) -> Bool {
        receipt.name == shard.name && receipt.kind == role.rawValue && receipt.sha256 == shard.sha256
            && receipt.idsSha256 == shard.idsSHA256
    }

    private func document<Document: Decodable>(_ path: String) throws -> Document? {
        try FileSystem.readRegularFile(path).flatMap { try? WireJSON.decode(Document.self, from: Data($0)) }
    }
}
