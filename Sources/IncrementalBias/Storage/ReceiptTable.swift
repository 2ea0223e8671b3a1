internal import Foundation
internal import LMDB
internal import ShardFormats
internal import VectorMath

/// The receipts, by number and by shard.
struct ReceiptTable {
    let tables: Tables

    /// How many receipts stay in any case: those that ``newest(_:in:)`` can be asked for.
    static let kept: UInt64 = 16

    /// Stores a receipt, as one whose files wait to be put away, and removes those that nobody will ask for any more.
    func add(_ receipt: Receipt, in transaction: borrowing WriteTransaction) throws {
        let key = key(receipt.kind, receipt.name)
        let previous = try number(key, in: transaction)
        try transaction.put(tables.receipts, receipt.number, try Receipt.encoder.encode(receipt).span)
        try transaction.put(tables.receiptNames, key, receipt.number)
        try markPending(receipt, in: transaction)
        guard receipt.number >= Self.kept else { return }
        let oldest = receipt.number - Self.kept
        try removeIfSuperseded(oldest, in: transaction)
        if let previous, previous < oldest { try removeIfSuperseded(previous, in: transaction) }
    }

    /// Removes a receipt whose name has a later one, unless its files may still have to be put away.
    ///
    /// What can't be read stays: it is in nobody's way.
    private func removeIfSuperseded(_ number: UInt64, in transaction: borrowing WriteTransaction) throws {
        guard try !transaction.contains(tables.pending, number), let receipt = try? receipt(number, in: transaction),
            try self.number(key(receipt.kind, receipt.name), in: transaction) != number
        else { return }
        try transaction.remove(tables.receipts, number)
    }

    /// Marks the receipt of a shard whose files have not been published yet.
    func markPending(_ receipt: Receipt, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(tables.pending, receipt.number, "")
    }

    /// The receipt with this number.
    func receipt(_ number: UInt64, in transaction: borrowing some Transaction & ~Copyable) throws -> Receipt? {
        guard let bytes = try transaction.bytes(tables.receipts, number) else { return nil }
        guard let receipt = try? Receipt.decoder.decode(Receipt.self, from: Data(bytes)), receipt.hasDigests else {
            throw StoreError.damaged("receipt \(number) can't be read")
        }
        return receipt
    }

    /// The receipt of the last shard of this kind and name.
    func last(kind: VectorRole, name: String, in transaction: borrowing some Transaction & ~Copyable) throws -> Receipt?
    {
        try number(key(kind, name), in: transaction).flatMap { try receipt($0, in: transaction) }
    }

    private func number(_ key: String, in transaction: borrowing some Transaction & ~Copyable) throws -> UInt64? {
        try transaction.value(tables.receiptNames, key) { NumberView.number($0) }
    }

    /// The last `limit` receipts, the newest first; beyond the last ``kept`` only the last one of each name is there.
    func newest(_ limit: Int, in transaction: borrowing some Transaction & ~Copyable) throws -> [Receipt] {
        var numbers: [UInt64] = []
        try transaction.forEach(tables.receipts, backwards: true) { key, _ in
            numbers.append(NumberView.number(key))
            return numbers.count < limit
        }
        return try numbers.compactMap { try receipt($0, in: transaction) }
    }

    /// The receipts whose files may not have been put away.
    func pending(in transaction: borrowing some Transaction & ~Copyable) throws -> [Receipt] {
        var numbers: [UInt64] = []
        try transaction.forEach(tables.pending) { key, _ in
            numbers.append(NumberView.number(key))
            return true
        }
        return try numbers.compactMap { try receipt($0, in: transaction) }
    }

    /// Kinds differ in their first letter; names hold no slash.
    private func key(_ kind: VectorRole, _ name: String) -> String { "\(kind.rawValue)/\(name)" }
}
