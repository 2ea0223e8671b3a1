internal import VectorMath

/// The generations whose changes the change log has: those after `oldest`, up to `newest`.
struct ChangeLogSpan: Equatable {
    /// A generation, and a random number that was drawn when it was committed.
    ///
    /// A store that was restored from a backup counts generations a second time. The numbers tell the two apart.
    struct Mark: Equatable {
        var generation: UInt64
        var nonce: UInt64

        /// The mark of a generation that is being committed.
        static func new(_ generation: UInt64) -> Mark {
            Mark(generation: generation, nonce: .random(in: .min ... .max))
        }
    }

    var oldest: Mark
    var newest: Mark
    /// The size of all records, in bytes.
    var byteCount: UInt64

    /// The span of a log without records.
    init(emptyAt mark: Mark) {
        (oldest, newest, byteCount) = (mark, mark, 0)
    }

    /// Decodes five 64-bit numbers: generation and nonce of `oldest`, generation and nonce of `newest`, `byteCount`.
    ///
    /// - Throws: ``StoreError/damaged(_:)``.
    init(_ bytes: RawSpan) throws(StoreError) {
        guard bytes.byteCount == 40 else { throw .damaged("the span of the change log has a wrong size") }
        let numbers = (0..<5).map { NumberView.uint64(bytes.extracting($0 * 8..<$0 * 8 + 8)) }
        oldest = Mark(generation: numbers[0], nonce: numbers[1])
        newest = Mark(generation: numbers[2], nonce: numbers[3])
        byteCount = numbers[4]
        guard oldest.generation <= newest.generation, newest.generation < 1 << 40 else {
            throw .damaged("the span of the change log is impossible")
        }
    }

    /// The numbers that ``init(_:)`` decodes.
    var encoded: [UInt64] {
        [oldest.generation, oldest.nonce, newest.generation, newest.nonce, byteCount]
    }
}
