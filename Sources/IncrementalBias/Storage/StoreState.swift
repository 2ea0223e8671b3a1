internal import ShardFormats

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

    subscript(kind: VectorRole) -> Rows {
        get { kind == .images ? images : references }
        set { if kind == .images { images = newValue } else { references = newValue } }
    }
}

extension StoreState {
    /// Nine little-endian 64-bit numbers: generation, dimension, k, images in use and ever, references in use and
    /// ever, next receipt, next arrival.
    ///
    /// - Returns: `nil` for what can't have been written.
    init?(_ bytes: RawSpan) {
        guard bytes.byteCount == 72 else { return nil }
        func number(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes.byte(index * 8 + $1)) << UInt64($1 * 8) }
        }
        func rows(_ index: Int) -> Rows? {
            guard let count = Int(exactly: number(index)), let end = Int(exactly: number(index + 1)),
                count <= end, end <= Int(UInt32.max)
            else { return nil }
            return Rows(count: count, end: end)
        }
        guard let dimension = Int(exactly: number(1)), dimension <= StoreLayout.largestDimension,
            let k = Int(exactly: number(2)), let images = rows(3), let references = rows(5)
        else { return nil }
        // Far beyond what there can be, and far from where adding one would be too much.
        guard [0, 7, 8].allSatisfy({ number($0) < 1 << 62 }) else { return nil }
        generation = number(0)
        (self.dimension, self.k, self.images, self.references) = (dimension, k, images, references)
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
