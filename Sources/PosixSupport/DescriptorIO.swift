internal import Glibc

/// Reads and writes descriptors that other code opened, standard input and output among them.
package enum DescriptorIO {
    /// The number of bytes that one read asks for.
    package static let bufferByteCount = 1 << 20

    /// Fills `buffer` from its start.
    ///
    /// - Parameter name: the descriptor's name in an error.
    /// - Returns: the number of bytes read; 0 at the end of the file.
    package static func read(
        _ descriptor: Int32, into buffer: inout [UInt8], name: String
    ) throws(SystemError) -> Int {
        try systemCall("read \(name)") {
            unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        }
    }

    /// Reads everything from the current position to the end.
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
