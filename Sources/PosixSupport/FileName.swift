internal import Glibc

/// The name of a file as the system has it: bytes, most often UTF-8.
package struct FileName: Sendable {
    package let bytes: [UInt8]
    /// The name as text; `nil` where the bytes aren't UTF-8.
    package let text: String?

    /// Copies a name that ends in a zero byte.
    package init(_ name: UnsafePointer<CChar>) {
        bytes = unsafe Array(UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) })
        text = String(validating: bytes, as: UTF8.self)
    }

    /// The name in printable ASCII, with every other byte, spaces and `%` as `%E9`.
    package var escaped: String {
        bytes.map { byte in
            byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "%")
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
