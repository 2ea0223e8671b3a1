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

    mutating func reserve(_ count: Int) {
        unsafe values.reserveCapacity(count)
    }

    mutating func append(_ value: UnsafeRawBufferPointer) {
        unsafe values.append(value)
    }
}
