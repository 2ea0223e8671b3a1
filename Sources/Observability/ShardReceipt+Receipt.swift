package import IncrementalBias
internal import ShardFormats
package import WireAPI

extension ShardReceipt {
    /// The receipt document for a receipt of the store.
    ///
    /// - Parameters:
    ///   - receipt: the receipt as the store keeps it.
    ///   - unchanged: whether this document is for a later shard of the same name and content, which changed nothing.
    package init(_ receipt: Receipt, unchanged: Bool) {
        // The store's receipt of a deletion has the number of ids that existed as `replaced`.
        self.init(
            name: receipt.name, kind: receipt.role.rawValue, sha256: receipt.sha256, idsSha256: receipt.idsSHA256,
            action: receipt.action.rawValue, rows: receipt.rows,
            replaced: receipt.action == .add ? receipt.replaced : 0,
            deleted: receipt.action == .delete ? receipt.replaced : 0,
            missing: receipt.action == .delete ? receipt.rows - receipt.replaced : 0,
            generation: receipt.generation, received: receipt.received, commitStarted: receipt.commitStarted,
            commitMs: receipt.commitSeconds.map { ($0 * 1e6).rounded() / 1000 }, unchanged: unchanged)
    }
}
