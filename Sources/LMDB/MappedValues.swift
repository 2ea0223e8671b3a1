/// Values that are read in place, in LMDB's memory map.
///
/// Several threads can read them at the same time.
///
/// They are valid as long as the transaction that mapped them is open; in a write transaction, only until its next
/// write. To use them later is a programmer error.
@safe package struct MappedValues: @unchecked Sendable {
    // Sendable: LMDB never writes to the pages of a snapshot.
    private var values: [UnsafeRawBufferPointer] = unsafe []

    /// Creates a collection without values.
    package init() {}

    /// The number of values.
    ///
    /// Keys without a value count as empty values.
    package var count: Int { unsafe values.count }

    /// Whether every key has a value: none is empty.
    package var isComplete: Bool { unsafe values.allSatisfy { unsafe !$0.isEmpty } }

    /// Calls `body` with the bytes of the value at `index`.
    ///
    /// They are valid only during the call.
    package func value<R>(at index: Int, _ body: (RawSpan) throws -> R) rethrows -> R {
        try unsafe body(values[index].bytes)
    }

    /// Copies floats from values that are arrays of floats.
    ///
    /// - Parameters:
    ///   - indices: float i stands in value i / perValue, at position i % perValue.
    ///   - perValue: the number of floats in each value; a power of two.
    ///   - missing: stands in for floats of values that are empty or don't exist.
    ///   - target: receives indices.count floats.
    package func gather(
        _ indices: Span<UInt32>, perValue: Int, missing: Float, into target: inout MutableSpan<Float>
    ) {
        copyNumbers(indices, perValue: perValue, missing: missing, into: &target)
    }

    /// The integer at `index` in values that are arrays of integers of four bytes; see ``gather(_:perValue:missing:into:)``.
    package func integer(at index: Int, perValue: Int, missing: UInt32) -> UInt32 {
        number(at: index, shift: perValue.trailingZeroBitCount, missing: missing)
    }

    @inline(__always)
    private func copyNumbers<Number: BitwiseCopyable>(
        _ indices: Span<UInt32>, perValue: Int, missing: Number, into target: inout MutableSpan<Number>
    ) {
        let shift = perValue.trailingZeroBitCount
        precondition(perValue == 1 << shift && target.count >= indices.count)
        for position in indices.indices {
            target[position] = number(at: Int(indices[position]), shift: shift, missing: missing)
        }
    }

    @inline(__always)
    private func number<Number: BitwiseCopyable>(at index: Int, shift: Int, missing: Number) -> Number {
        guard index >> shift < count else { return missing }
        let value = unsafe values[index >> shift]
        let offset = (index & ((1 << shift) - 1)) * 4
        guard offset + 4 <= value.count else { return missing }
        return unsafe value.loadUnaligned(fromByteOffset: offset, as: Number.self)
    }

    mutating func reserve(_ count: Int) {
        unsafe values.reserveCapacity(count)
    }

    mutating func append(_ value: UnsafeRawBufferPointer) {
        unsafe values.append(value)
    }
}
