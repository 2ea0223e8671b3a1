/// An .npz file to be written, as `numpy.savez` writes it: a zip archive of .npy files without compression.
///
/// `numpy.load` reads it with `allow_pickle=False`. For example:
///
///     let file = NPZFile([NPZArray("scores", shape: [2, 1], .float32([0.5, 0.25]))])
///     file.write(to: &output)
package struct NPZFile: Sendable {
    private static let endByteCount = 22

    private let arrays: [NPZArray]
    /// The header of the .npy file of each array.
    private let headers: [[UInt8]]
    /// The size of the file in bytes.
    package let byteCount: Int

    /// Makes a file of arrays with different names.
    ///
    /// Only files below 4 GiB can be written.
    package init(_ arrays: [NPZArray]) {
        self.arrays = arrays
        headers = arrays.map { NPYHeader.bytes(descriptor: $0.descriptor, shape: $0.shape) }
        let sizes = zip(arrays, headers).map { array, header in
            ZipMember.headerByteCounts.local + ZipMember.headerByteCounts.directory
                + 2 * Self.memberName(array).utf8.count + header.count + array.byteCount
        }
        byteCount = sizes.reduce(Self.endByteCount, +)
    }

    private static func memberName(_ array: NPZArray) -> String {
        "\(array.name).npy"
    }

    /// Writes the file: ``byteCount`` bytes, for which `output` must have memory.
    package func write(to output: inout OutputRawSpan) {
        precondition(byteCount <= UInt32.max, "an archive of 4 GiB would need the zip64 extension")
        let start = output.byteCount
        var members: [ZipMember] = []
        for (array, header) in zip(arrays, headers) {
            members.append(Self.append(array, header, start: start, to: &output))
        }
        let directoryOffset = output.byteCount - start
        for member in members { member.appendDirectoryEntry(to: &output) }
        let directoryEnd = output.byteCount - start
        output.append(little: ZipSignature.end)
        // This disk and that of the central directory, both the first.
        output.append(little: UInt32(0))
        for _ in 0..<2 { output.append(little: UInt16(members.count)) }
        output.append(little: UInt32(directoryEnd - directoryOffset))
        output.append(little: UInt32(directoryOffset))
        // No comment.
        output.append(little: UInt16(0))
    }

    /// The file as an array of bytes.
    package var bytes: [UInt8] {
        unsafe Array(unsafeUninitializedCapacity: byteCount) { buffer, count in
            var output = unsafe OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
            write(to: &output)
            count = output.byteCount
        }
    }

    /// Appends the member of an array.
    ///
    /// The checksum in its local header is set when the content is written.
    private static func append(
        _ array: NPZArray, _ header: [UInt8], start: Int, to output: inout OutputRawSpan
    ) -> ZipMember {
        let name = memberName(array)
        let offset = output.byteCount
        let size = header.count + array.byteCount
        ZipMember(storing: name, byteCount: size, checksum: 0, offset: offset - start).appendLocalHeader(to: &output)
        let contentStart = output.byteCount
        output.append(header)
        array.append(to: &output)
        let checksum = Inflater.checksum(output.bytes.extracting(contentStart..<output.byteCount))
        var bytes = output.mutableBytes
        bytes.storeBytes(
            of: checksum.littleEndian, toByteOffset: offset + ZipMember.checksumOffset, as: UInt32.self)
        return ZipMember(storing: name, byteCount: size, checksum: checksum, offset: offset - start)
    }
}
