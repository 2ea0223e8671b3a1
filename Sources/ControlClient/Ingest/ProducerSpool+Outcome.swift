internal import FoundationEssentials
internal import PosixSupport
internal import ShardFormats
internal import SpoolProtocol
internal import WireAPI

extension ProducerSpool {
    /// The outcome of a submitted shard; `nil` while it is not known.
    ///
    /// An error document counts if it is not older than the submission. A receipt counts if it is for the same content.
    /// It can still be the receipt of an earlier shard with the same name and content. The daemon replaces that receipt
    /// by one that says `unchanged` soon after it has claimed the new shard.
    ///
    /// - Parameters:
    ///   - shard: the submitted shard.
    ///   - acceptsEarlier: whether the receipt of such an earlier shard counts.
    /// - Throws: `SystemError` if a document exists but can't be read.
    package func outcome(of shard: SubmittedShard, acceptsEarlier: Bool) throws -> ShardOutcome? {
        guard try !isWaiting(shard) else { return nil }
        // Times in documents are rounded to milliseconds.
        let earliest = shard.time.addingTimeInterval(-0.002)
        let rejection: ShardFailure? = try document("\(failed)/\(SpoolNames.rejection(of: shard.name))")
        if let rejection, rejection.name == shard.name, rejection.rejected >= earliest { return .rejected(rejection) }
        let receipt: ShardReceipt? = try document("\(done)/\(SpoolNames.receipt(of: shard.name))")
        guard let receipt, matches(receipt, shard) else { return nil }
        guard acceptsEarlier || receipt.unchanged || receipt.received >= earliest else { return nil }
        return .committed(receipt)
    }

    /// Whether the receipt is for a shard with this name, role and content.
    private func matches(_ receipt: ShardReceipt, _ shard: SubmittedShard) -> Bool {
        receipt.name == shard.name && receipt.kind == role.rawValue && receipt.sha256 == shard.sha256
            && receipt.idsSha256 == shard.idsSHA256
    }

    /// The document at `path`; `nil` if it is missing or not valid.
    private func document<Document: Decodable>(_ path: String) throws -> Document? {
        try FileSystem.readRegularFile(path).flatMap { try? WireJSON.decode(Document.self, from: Data($0)) }
    }
}
