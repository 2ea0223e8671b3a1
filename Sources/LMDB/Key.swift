internal import CLMDB

/// A key: a number in a ``Database/Order/integers`` database, or 1 to 511 bytes in any other.
///
/// LMDB compares integer keys as native unsigned numbers and all others byte by byte.
package protocol Key {
    /// Calls `body` with the key's bytes, valid during the call only.
    @unsafe func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
}

extension UInt32: Key {
    package func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe Swift.withUnsafeBytes(of: self, body)
    }
}

extension UInt64: Key {
    package func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe Swift.withUnsafeBytes(of: self, body)
    }
}

extension String: Key {
    package func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        var copy = self
        return try copy.withUTF8 { try unsafe body(UnsafeRawBufferPointer($0)) }
    }
}

extension Key {
    /// Calls `body` with the key as an `MDB_val`, valid during the call only.
    func withValue<R>(_ body: (inout MDB_val) throws(LMDBError) -> R) throws(LMDBError) -> R {
        let result: Result<R, LMDBError> = unsafe withKeyBytes { bytes in
            var value = unsafe MDB_val(
                mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            do throws(LMDBError) {
                return .success(try unsafe body(&value))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
