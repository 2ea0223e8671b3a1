/// Values in place in the map, which many threads may read at the same time.
///
/// They are valid while the transaction that mapped them is open and, in a write transaction, until its next write.
/// Using them later is a programmer error.
@safe package struct MappedValues: @unchecked Sendable {
    // Sendable: nobody writes to the pages of a snapshot.
    private var values: [UnsafeRawBufferPointer] = unsafe []

    package init() {}

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
