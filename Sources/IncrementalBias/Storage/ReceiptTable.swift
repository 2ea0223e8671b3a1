internal import Foundation
package import LMDB
package import ShardFormats
internal import VectorMath

/// The receipts of a store, by number and by the role and name of their shard.
///
/// A receipt is *pending* until its shard's files are known to be moved out of the incoming folders.
package struct ReceiptTable {
    let tables: Tables

    /// Makes the table of a store.
    package init(tables: Tables) {
        self.tables = tables
    }

    /// How many of the newest receipts are always kept.
    package static let kept: UInt64 = 16

    /// Stores a receipt as pending, and removes receipts that are superseded.
    package func add(_ receipt: Receipt, in transaction: borrowing WriteTransaction) throws {
        let key = key(receipt.role, receipt.name)
        let previous = try number(key, in: transaction)
        try store(receipt, in: transaction)
        try transaction.put(tables.receiptNames, key, receipt.number)
        try markPending(receipt, in: transaction)
        guard receipt.number >= Self.kept else { return }
        let oldest = receipt.number - Self.kept
        try removeIfSuperseded(oldest, in: transaction)
        if let previous, previous < oldest { try removeIfSuperseded(previous, in: transaction) }
    }

    private func store(_ receipt: Receipt, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(tables.receipts, receipt.number, try Receipt.encoder.encode(receipt).span)
    }

    /// Removes a receipt whose shard's name has a later one, unless it is pending.
    ///
    /// A receipt that can't be read stays; it does no harm.
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

    /// Makes a receipt no longer pending: its shard's files have been moved.
    ///
    /// - Parameter timed: the receipt with the duration of its commit, to be stored in place of the one without.
    package func acknowledge(
        _ number: UInt64, timed: Receipt? = nil, in transaction: borrowing WriteTransaction
    ) throws {
        try transaction.remove(tables.pending, number)
        if let timed { try replace(timed, in: transaction) }
    }

    /// Stores another version of a receipt, unless it has been removed.
    package func replace(_ receipt: Receipt, in transaction: borrowing WriteTransaction) throws {
        if try transaction.contains(tables.receipts, receipt.number) { try store(receipt, in: transaction) }
    }

    /// The receipt with this number; `nil` where there is none.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` where it can't be read.
    package func receipt(
        _ number: UInt64, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> Receipt? {
        guard let bytes = try transaction.bytes(tables.receipts, number) else { return nil }
        guard let receipt = try? Receipt.decoder.decode(Receipt.self, from: Data(bytes)), receipt.hasDigests else {
            throw StoreError.damaged("receipt \(number) can't be read")
        }
        return receipt
    }

    /// The receipt of the last shard of this role and name; `nil` where there is none.
    package func last(
        role: VectorRole, name: String, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> Receipt? {
        try number(key(role, name), in: transaction).flatMap { try receipt($0, in: transaction) }
    }

    private func number(_ key: String, in transaction: borrowing some Transaction & ~Copyable) throws -> UInt64? {
        try transaction.value(tables.receiptNames, key) { NumberView.number($0) }
    }

    /// The last `limit` receipts, the newest first.
    ///
    /// Of those before the last ``kept``, only the last one of each name and pending ones are there.
    package func newest(_ limit: Int, in transaction: borrowing some Transaction & ~Copyable) throws -> [Receipt] {
        var numbers: [UInt64] = []
        try transaction.forEach(tables.receipts, backwards: true) { key, _ in
            numbers.append(NumberView.number(key))
            return numbers.count < limit
        }
        return try numbers.compactMap { try receipt($0, in: transaction) }
    }

    /// The pending receipts, the oldest first.
    package func pending(in transaction: borrowing some Transaction & ~Copyable) throws -> [Receipt] {
        var numbers: [UInt64] = []
        try transaction.forEach(tables.pending) { key, _ in
            numbers.append(NumberView.number(key))
            return true
        }
        return try numbers.compactMap { try receipt($0, in: transaction) }
    }

    /// The key of a name: a name holds no slash, and the roles differ in their first letter.
    private func key(_ role: VectorRole, _ name: String) -> String { "\(role.rawValue)/\(name)" }
}
