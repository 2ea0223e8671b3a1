internal import Glibc

/// Reads and writes file descriptors that other code has opened, for example standard input and output.
package enum DescriptorIO {
    /// The size of the buffer of ``readToEnd(_:name:)``, in bytes.
    package static let bufferByteCount = 1 << 20

    /// Reads at most `buffer.count` bytes to the start of `buffer`, with one call of read(2).
    ///
    /// - Parameter name: what to call the descriptor in an error, for example its path.
    /// - Returns: the number of bytes read; 0 at the end of the file.
    package static func read(
        _ descriptor: Int32, into buffer: inout [UInt8], name: String
    ) throws(SystemError) -> Int {
        try systemCall("read \(name)") {
            unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        }
    }

    /// Reads all bytes from the current position to the end.
    ///
    /// - Parameter name: what to call the descriptor in an error.
    package static func readToEnd(_ descriptor: Int32, name: String) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: bufferByteCount)
        while true {
            let count = try read(descriptor, into: &buffer, name: name)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Writes all of `bytes`.
    ///
    /// - Parameter name: what to call the descriptor in an error.
    package static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, name: String) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = try systemCall("write \(name)") {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
    }
}
