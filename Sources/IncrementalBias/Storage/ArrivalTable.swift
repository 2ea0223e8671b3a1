internal import LMDB
internal import VectorMath

/// The order in which references arrived, and when.
///
/// A reference that is replaced arrives anew.
struct ArrivalTable {
    /// Arrival number -> row (4 bytes), 4 zero bytes, time in milliseconds since 1970 (8 bytes).
    let arrivals: Database
    /// Row -> arrival number.
    let numbers: Database

    /// A reference's place in the order.
    struct Arrival {
        let row: UInt32
        /// Milliseconds since 1970.
        let time: UInt64
    }

    /// Puts `rows` at the end of the order, wherever they stood before.
    func append(_ rows: [UInt32], time: UInt64, next: inout UInt64, in transaction: borrowing WriteTransaction) throws {
        try remove(rows, in: transaction)
        for row in rows {
            try transaction.put(arrivals, next, [UInt64(row), time].span)
            try transaction.put(numbers, row, next)
            next += 1
        }
    }

    /// Takes `rows` out of the order, those of them that stand in it.
    func remove(_ rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        for row in rows {
            guard let number = try transaction.value(numbers, row, { NumberView.number($0) }) else { continue }
            try transaction.remove(arrivals, number)
            try transaction.remove(numbers, row)
        }
    }

    /// The oldest references, oldest first, for as long as `isOld` says so.
    ///
    /// - Parameter isOld: told an arrival and how many came before it.
    func oldest(
        in transaction: borrowing some Transaction & ~Copyable, while isOld: (Arrival, Int) -> Bool
    ) throws -> [UInt32] {
        var rows: [UInt32] = []
        try transaction.forEach(arrivals) { _, value in
            let row = NumberView.number(value.extracting(first: 8))
            let arrival = Arrival(
                row: UInt32(truncatingIfNeeded: row), time: NumberView.number(value.extracting(last: 8)))
            guard isOld(arrival, rows.count) else { return false }
            rows.append(arrival.row)
            return true
        }
        return rows
    }
}
