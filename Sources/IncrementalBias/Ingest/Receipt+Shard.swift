internal import Foundation

extension Receipt {
    /// Creates the receipt of a shard that takes effect in a commit.
    ///
    /// - Parameters:
    ///   - number: the number of the receipt.
    ///   - replaced: the number of the shard's ids that had a row before.
    ///   - generation: the generation of the commit.
    ///   - commitStarted: when the commit began.
    init(number: UInt64, shard: IncomingShard, replaced: Int, generation: UInt64, commitStarted: Date) {
        let action: Action = if case .deletion = shard.content { .delete } else { .add }
        self.init(
            number: number, name: shard.name, role: shard.role, sha256: shard.sha256, idsSHA256: shard.idsSHA256,
            action: action, rows: shard.ids.count, replaced: replaced, generation: generation,
            received: shard.received, commitStarted: commitStarted)
    }

    /// Whether the receipt has the content hashes of `shard`.
    func covers(_ shard: IncomingShard) -> Bool {
        sha256 == shard.sha256 && idsSHA256 == shard.idsSHA256
    }
}
