internal import ShardFormats

/// The counters of a store: one small value that every commit writes and every transaction reads first.
package struct StoreState: Equatable, Sendable {
    /// The number of commits that changed the corpus.
    package var generation: UInt64 = 0
    /// The dimension of the vectors; 0 in an empty corpus.
    package var dimension = 0
    /// The k that the stored means were computed with; 0 in a new store, until its first start is complete.
    package var k: Int
    package var images = RowCounts()
    package var references = RowCounts()
    /// The number of the next receipt.
    package var nextReceipt: UInt64 = 0
    /// The arrival number of the next reference.
    package var nextArrival: UInt64 = 0

    /// The row counts of the images, or of the references.
    package struct RowCounts: Equatable, Sendable {
        /// The number of rows in use: those with an id and a vector.
        package var count = 0
        /// The number of rows that are in use or free.
        ///
        /// They are numbered from 0. If no row is free, the next new row gets this number.
        package var end = 0

        /// Creates row counts.
        package init(count: Int = 0, end: Int = 0) {
            self.count = count
            self.end = end
        }
    }

    /// Whether the corpus has neither images nor references.
    var isEmpty: Bool { images.count == 0 && references.count == 0 }

    subscript(role: VectorRole) -> RowCounts {
        get { role == .images ? images : references }
        set { if role == .images { images = newValue } else { references = newValue } }
    }
}

extension StoreState {
    /// Decodes nine little-endian 64-bit numbers: generation, dimension, k, `count` and `end` of the images, `count`
    /// and `end` of the references, next receipt, next arrival.
    ///
    /// - Returns: `nil` if the length is wrong or a number is impossible.
    init?(_ bytes: RawSpan) {
        guard bytes.byteCount == 72 else { return nil }
        func number(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes.byte(index * 8 + $1)) << UInt64($1 * 8) }
        }
        func rows(_ index: Int) -> RowCounts? {
            guard let count = Int(exactly: number(index)), let end = Int(exactly: number(index + 1)),
                count <= end, end <= Int(UInt32.max)
            else { return nil }
            return RowCounts(count: count, end: end)
        }
        guard let dimension = Int(exactly: number(1)), dimension <= StoreLayout.maximumDimension,
            let k = Int(exactly: number(2)), let images = rows(3), let references = rows(5)
        else { return nil }
        // Larger numbers are damage. Numbers up to the limit can be increased without overflow.
        guard [0, 7, 8].allSatisfy({ number($0) < 1 << 62 }) else { return nil }
        generation = number(0)
        (self.dimension, self.k, self.images, self.references) = (dimension, k, images, references)
        nextReceipt = number(7)
        nextArrival = number(8)
    }

    /// The bytes that ``init(_:)`` decodes.
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
