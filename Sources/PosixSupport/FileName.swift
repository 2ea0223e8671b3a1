internal import Glibc

/// The name of a file.
///
/// To the system it is a sequence of bytes, which need not be UTF-8.
package struct FileName: Sendable {
    /// The name without a zero byte at its end.
    package let bytes: [UInt8]
    /// The name as text; `nil` if the bytes aren't UTF-8.
    package let text: String?

    /// Copies a C string.
    package init(_ name: UnsafePointer<CChar>) {
        bytes = unsafe Array(UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) })
        text = String(validating: bytes, as: UTF8.self)
    }

    /// The name in printable ASCII: spaces, `%` and all other bytes are percent-encoded, for example as `%E9`.
    package var escaped: String {
        bytes.map { byte in
            byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "%")
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
