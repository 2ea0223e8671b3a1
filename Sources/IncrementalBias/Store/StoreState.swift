/// What changes with every commit: one small value, read by every transaction first.
package struct StoreState: Equatable, Sendable {
    /// How many commits there were.
    package var generation: UInt64 = 0
    /// Numbers per vector; 0 until the first shard fixes it.
    package var dimension = 0
    /// The `k` that the stored means were computed with.
    package var k: Int
    package var images = Rows()
    package var references = Rows()
    /// The number of the next receipt.
    package var nextReceipt: UInt64 = 0
    /// The number of the next reference to arrive.
    package var nextArrival: UInt64 = 0

    /// The rows of one kind.
    package struct Rows: Equatable, Sendable {
        /// Rows in use.
        package var count = 0
        /// Rows ever used: the next new row.
        package var end = 0
    }

    subscript(kind: Kind) -> Rows {
        get { kind == .images ? images : references }
        set { if kind == .images { images = newValue } else { references = newValue } }
    }
}

extension StoreState {
    /// Nine little-endian 64-bit numbers: generation, dimension, k, images in use and ever, references in use and
    /// ever, next receipt, next arrival.
    init?(_ bytes: RawSpan) {
        guard bytes.byteCount == 72 else { return nil }
        func number(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes.byte(index * 8 + $1)) << UInt64($1 * 8) }
        }
        generation = number(0)
        dimension = Int(number(1))
        k = Int(number(2))
        images = Rows(count: Int(number(3)), end: Int(number(4)))
        references = Rows(count: Int(number(5)), end: Int(number(6)))
        nextReceipt = number(7)
        nextArrival = number(8)
    }

    /// The reverse of ``init(_:)``.
    var encoded: [UInt8] {
        let numbers = [
            generation, UInt64(dimension), UInt64(k), UInt64(images.count), UInt64(images.end),
            UInt64(references.count), UInt64(references.end), nextReceipt, nextArrival,
        ]
        return numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) } }
    }
}

extension RawSpan {
    /// The byte at `offset`, bounds checked.
    fileprivate func byte(_ offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
