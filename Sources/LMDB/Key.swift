internal import CLMDB

/// A key of a database: an integer if the order is ``Database/Order/integers``, else 1 to 511 bytes.
package protocol Key {
    /// Calls `body` with the bytes of the key. They are valid only during the call.
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
    /// Calls `body` with the key as an `MDB_val`.
    ///
    /// It is valid only during the call.
    func withMDBVal<R>(_ body: (inout MDB_val) throws(LMDBError) -> R) throws(LMDBError) -> R {
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
