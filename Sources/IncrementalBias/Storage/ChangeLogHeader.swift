internal import VectorMath

/// The header of a record of the change log: four 64-bit numbers.
struct ChangeLogHeader {
    static let byteCount: UInt64 = 32

    /// The time of the commit, in milliseconds since 1970.
    let time: UInt64
    /// See ``ChangeLogSpan/Mark``.
    let nonce: UInt64
    /// About how many bytes of the data file the record takes.
    var byteCount: UInt64
    /// The number of values with deleted images.
    var deletionParts: UInt64

    init(time: UInt64, nonce: UInt64, byteCount: UInt64, deletionParts: UInt64) {
        self.time = time
        self.nonce = nonce
        self.byteCount = byteCount
        self.deletionParts = deletionParts
    }

    /// Decodes a header.
    ///
    /// - Throws: ``StoreError/damaged(_:)``.
    init(_ bytes: RawSpan) throws(StoreError) {
        guard bytes.byteCount == Self.byteCount else {
            throw .damaged("a header in the change log has a wrong size")
        }
        let numbers = (0..<4).map { NumberView.uint64(bytes.extracting($0 * 8..<$0 * 8 + 8)) }
        (time, nonce, byteCount, deletionParts) = (numbers[0], numbers[1], numbers[2], numbers[3])
    }

    /// The numbers that ``init(_:)`` decodes.
    var encoded: [UInt64] { [time, nonce, byteCount, deletionParts] }
}
