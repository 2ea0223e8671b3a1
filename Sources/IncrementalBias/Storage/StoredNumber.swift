internal import VectorMath

/// Reads keys and values of tables that are one number each.
enum StoredNumber {
    /// Reads a 32-bit number.
    ///
    /// - Parameter name: what the number is, for the error.
    /// - Throws: ``StoreError/damaged(_:)`` if there are not four bytes.
    static func uint32(_ bytes: RawSpan, _ name: String) throws(StoreError) -> UInt32 {
        guard bytes.byteCount == 4 else { throw .damaged("\(name) has a wrong size") }
        return NumberView.uint32(bytes)
    }

    /// Reads a 64-bit number.
    ///
    /// - Parameter name: what the number is, for the error.
    /// - Throws: ``StoreError/damaged(_:)`` if there are not eight bytes.
    static func uint64(_ bytes: RawSpan, _ name: String) throws(StoreError) -> UInt64 {
        guard bytes.byteCount == 8 else { throw .damaged("\(name) has a wrong size") }
        return NumberView.uint64(bytes)
    }
}
