/// Values in place in LMDB's memory map, which several threads can read at the same time.
///
/// They are valid while the transaction that mapped them is open; in a write transaction, until its next write.
/// Using them later is a programmer error.
@safe package struct MappedValues: @unchecked Sendable {
    // Sendable: LMDB never writes to the pages of a snapshot.
    private var values: [UnsafeRawBufferPointer] = unsafe []

    /// No values.
    package init() {}

    /// The number of values, empty ones included.
    package var count: Int { unsafe values.count }

    /// Whether no value is empty.
    package var isComplete: Bool { unsafe values.allSatisfy { unsafe !$0.isEmpty } }

    /// Calls `body` with the value at `index`.
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
