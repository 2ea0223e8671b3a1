internal import Foundation
package import LMDB
package import ShardFormats

/// The receipts of a store, by number, and by the role and file name of their shard.
///
/// A receipt is *pending* until it is known that its shard has been published: its files moved, its document written. A
/// receipt is *superseded* if a later shard had the same role and file name. The table keeps the last ``minimumKept``
/// receipts, receipts that are not superseded, and pending receipts.
package struct ReceiptTable {
    let tables: Tables

    /// Creates a view of the tables of a store.
    package init(tables: Tables) {
        self.tables = tables
    }

    /// The number of last receipts that are kept in any case.
    package static let minimumKept: UInt64 = 16

    /// Stores a receipt as pending, and removes superseded receipts.
    package func add(_ receipt: Receipt, in transaction: borrowing WriteTransaction) throws {
        let key = key(receipt.role, receipt.name)
        let previous = try number(key, in: transaction)
        try store(receipt, in: transaction)
        try transaction.put(tables.receiptNames, key, receipt.number)
        try markPending(receipt, in: transaction)
        guard receipt.number >= Self.minimumKept else { return }
        // Two receipts can be removed now: the one that is no longer among the last ones, and the one that this receipt
        // supersedes.
        let noLongerLast = receipt.number - Self.minimumKept
        try removeIfSuperseded(noLongerLast, in: transaction)
        if let previous, previous < noLongerLast { try removeIfSuperseded(previous, in: transaction) }
    }

    private func store(_ receipt: Receipt, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(tables.receipts, receipt.number, try Receipt.encoder.encode(receipt).span)
    }

    /// Removes a receipt if it is superseded and not pending.
    ///
    /// A receipt that can't be read stays: the commit does not need it.
    private func removeIfSuperseded(_ number: UInt64, in transaction: borrowing WriteTransaction) throws {
        guard try !transaction.contains(tables.pending, number), let receipt = try? receipt(number, in: transaction),
            try self.number(key(receipt.role, receipt.name), in: transaction) != number
        else { return }
        try transaction.remove(tables.receipts, number)
    }

    /// Makes a receipt pending.
    package func markPending(_ receipt: Receipt, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(tables.pending, receipt.number, "")
    }

    /// Makes a receipt no longer pending: its shard has been published.
    ///
    /// - Parameters:
    ///   - number: the number of the receipt.
    ///   - withDuration: the same receipt with the duration of its commit; it replaces the stored receipt.
    package func acknowledge(
        _ number: UInt64, withDuration: Receipt? = nil, in transaction: borrowing WriteTransaction
    ) throws {
        try transaction.remove(tables.pending, number)
        if let withDuration { try replace(withDuration, in: transaction) }
    }

    /// Replaces the stored receipt with the same number; does nothing if it has been removed.
    package func replace(_ receipt: Receipt, in transaction: borrowing WriteTransaction) throws {
        if try transaction.contains(tables.receipts, receipt.number) { try store(receipt, in: transaction) }
    }

    /// The receipt with this number; `nil` if there is none.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if it can't be decoded.
    package func receipt(
        _ number: UInt64, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> Receipt? {
        guard let bytes = try transaction.bytes(tables.receipts, number) else { return nil }
        guard let receipt = try? Receipt.decoder.decode(Receipt.self, from: Data(bytes)), receipt.hasDigests else {
            throw StoreError.damaged("receipt \(number) can't be read")
        }
        return receipt
    }

    /// The receipt of the last shard with this role and file name; `nil` if there is none.
    package func last(
        role: VectorRole, name: String, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> Receipt? {
        try number(key(role, name), in: transaction).flatMap { try receipt($0, in: transaction) }
    }

    private func number(_ key: String, in transaction: borrowing some Transaction & ~Copyable) throws -> UInt64? {
        try transaction.value(tables.receiptNames, key) { try StoredNumber.uint64($0, "the number of a receipt") }
    }

    /// The newest receipts in the table, at most `limit`, the newest first.
    package func newest(_ limit: Int, in transaction: borrowing some Transaction & ~Copyable) throws -> [Receipt] {
        var numbers: [UInt64] = []
        try transaction.forEach(tables.receipts, backwards: true) { key, _ in
            numbers.append(try StoredNumber.uint64(key, "the number of a receipt"))
            return numbers.count < limit
        }
        return try numbers.compactMap { try receipt($0, in: transaction) }
    }

    /// The pending receipts, the oldest first.
    package func pending(in transaction: borrowing some Transaction & ~Copyable) throws -> [Receipt] {
        var numbers: [UInt64] = []
        try transaction.forEach(tables.pending) { key, _ in
            numbers.append(try StoredNumber.uint64(key, "the number of a receipt"))
            return true
        }
        return try numbers.compactMap { try receipt($0, in: transaction) }
    }

    /// The key in the table `receipts.names`.
    ///
    /// A file name contains no slash, so the key is unique.
    private func key(_ role: VectorRole, _ name: String) -> String { "\(role.rawValue)/\(name)" }
}
