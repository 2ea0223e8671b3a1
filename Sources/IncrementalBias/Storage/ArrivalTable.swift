package import Foundation
internal import LMDB
internal import VectorMath

/// A moment in the history of the references.
package enum ReferenceMoment: Equatable, Sendable {
    /// After the commit of this generation.
    case generation(UInt64)
    /// At this time.
    case time(Date)
}

/// The order and the times in which references arrived, for ``Retention``, which removes the oldest ones.
///
/// A reference that is replaced gets a new arrival. The arrivals of sampled references have numbers from
/// ``firstSampled`` on, so that those of each source are in the order of arrival.
struct ArrivalTable: Sendable {
    /// Arrival number -> row (4 bytes), the low 32 bits of the generation of its commit (4 bytes; 0 if a version wrote
    /// it that did not keep generations), time of arrival in milliseconds since 1970 (8 bytes).
    let arrivals: Database
    /// Row -> arrival number.
    let numbers: Database

    /// Added to the arrival numbers of sampled references; those of given references are lower.
    static let firstSampled: UInt64 = 1 << 62

    /// The arrival of a reference.
    struct Arrival {
        let row: UInt32
        /// Milliseconds since 1970.
        let time: UInt64
    }

    /// Gives each of `rows` a new arrival, in their order.
    ///
    /// Removes the arrivals that they had.
    ///
    /// - Parameters:
    ///   - source: where the references come from.
    ///   - time: milliseconds since 1970.
    ///   - generation: the generation of the commit.
    ///   - next: the next arrival number; the call adds `rows.count`.
    func append(
        _ rows: [UInt32], _ source: ReferenceSource, time: UInt64, generation: UInt64, next: inout UInt64,
        in transaction: borrowing WriteTransaction
    ) throws {
        try remove(rows, in: transaction)
        for row in rows {
            let number = source == .sampled ? next | Self.firstSampled : next
            try transaction.put(arrivals, number, [generation << 32 | UInt64(row), time].span)
            try transaction.put(numbers, row, number)
            next += 1
        }
    }

    /// Removes the arrivals of `rows`; rows without an arrival are ignored.
    func remove(_ rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        for row in rows {
            let number = try transaction.value(numbers, row) { try StoredNumber.uint64($0, "an arrival number") }
            guard let number else { continue }
            try transaction.remove(arrivals, number)
            try transaction.remove(numbers, row)
        }
    }

    /// The time of arrival of `row`, in milliseconds since 1970, and its source; `nil` if it has no arrival.
    func arrival(
        of row: UInt32, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> (time: UInt64, source: ReferenceSource)? {
        guard
            let number = try transaction.value(
                numbers, row, { try StoredNumber.uint64($0, "an arrival number") })
        else { return nil }
        return try transaction.value(arrivals, number) { value in
            guard value.byteCount == 16 else { throw StoreError.damaged("an arrival has a wrong size") }
            return (NumberView.uint64(value.extracting(last: 8)), number < Self.firstSampled ? .given : .sampled)
        }
    }

    /// The number of sampled references.
    func sampledCount(in transaction: borrowing some Transaction & ~Copyable) throws -> Int {
        var count = 0
        try transaction.forEach(arrivals, after: Self.firstSampled - 1) { _, _ in
            count += 1
            return true
        }
        return count
    }

    /// The rows of the references that arrived after a moment, in no order.
    ///
    /// Which references arrived after a generation is known only for those whose arrival names a generation; others
    /// count as older.
    func rows(after moment: ReferenceMoment, in transaction: borrowing some Transaction & ~Copyable) throws -> [UInt32]
    {
        var rows: [UInt32] = []
        try transaction.forEach(arrivals) { _, value in
            guard value.byteCount == 16 else { throw StoreError.damaged("an arrival has a wrong size") }
            let first = NumberView.uint64(value.extracting(first: 8))
            let isAfter =
                switch moment {
                case .generation(let generation): first >> 32 > generation
                case .time(let time):
                    Double(NumberView.uint64(value.extracting(last: 8))) > time.timeIntervalSince1970 * 1000
                }
            if isAfter { rows.append(UInt32(truncatingIfNeeded: first)) }
            return true
        }
        return rows
    }

    /// The rows of the oldest references of a source, the oldest first.
    ///
    /// The first one for which `isOld` returns false ends the list and is not in it.
    ///
    /// - Parameter isOld: called with an arrival and the number of older arrivals.
    func oldest(
        _ source: ReferenceSource, in transaction: borrowing some Transaction & ~Copyable,
        while isOld: (_ arrival: Arrival, _ olderCount: Int) -> Bool
    ) throws -> [UInt32] {
        var rows: [UInt32] = []
        func add(_ key: RawSpan, _ value: RawSpan) throws -> Bool {
            let number = try StoredNumber.uint64(key, "an arrival number")
            guard source == .sampled || number < Self.firstSampled else { return false }
            guard value.byteCount == 16 else { throw StoreError.damaged("an arrival has a wrong size") }
            let row = NumberView.uint64(value.extracting(first: 8))
            let arrival = Arrival(
                row: UInt32(truncatingIfNeeded: row), time: NumberView.uint64(value.extracting(last: 8)))
            guard isOld(arrival, rows.count) else { return false }
            rows.append(arrival.row)
            return true
        }
        switch source {
        case .given: try transaction.forEach(arrivals) { try add($0, $1) }
        case .sampled: try transaction.forEach(arrivals, after: Self.firstSampled - 1) { try add($0, $1) }
        }
        return rows
    }
}
