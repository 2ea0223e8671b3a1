internal import LMDB
internal import VectorMath

/// The order in which references arrived, with their times; retention reads it.
///
/// A reference that is replaced arrives anew.
struct ArrivalTable: Sendable {
    /// Arrival number -> row (4 bytes), 4 zero bytes, time in milliseconds since 1970 (8 bytes).
    let arrivals: Database
    /// Row -> arrival number.
    let numbers: Database

    /// A reference's entry in the order.
    struct Arrival {
        let row: UInt32
        /// Milliseconds since 1970.
        let time: UInt64
    }

    /// Moves `rows` to the end of the order, or adds them there.
    ///
    /// - Parameters:
    ///   - time: milliseconds since 1970.
    ///   - next: the next arrival number; advanced by `rows.count`.
    func append(_ rows: [UInt32], time: UInt64, next: inout UInt64, in transaction: borrowing WriteTransaction) throws {
        try remove(rows, in: transaction)
        for row in rows {
            try transaction.put(arrivals, next, [UInt64(row), time].span)
            try transaction.put(numbers, row, next)
            next += 1
        }
    }

    /// Removes `rows` from the order; rows that are not in it are ignored.
    func remove(_ rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        for row in rows {
            guard let number = try transaction.value(numbers, row, { NumberView.number($0) }) else { continue }
            try transaction.remove(arrivals, number)
            try transaction.remove(numbers, row)
        }
    }

    /// The rows of the oldest references, oldest first, up to the first for which `isOld` is false.
    ///
    /// - Parameter isOld: gets an arrival and the number of older ones.
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
