/// An .npy file whose data have the layout of a matrix in memory: float32 in this machine's byte order, row-major.
///
/// Such a file can be read straight into a matrix; ``NPY`` reads all others, and finds the faults.
package struct PlainNPY: Sendable {
    package let rows: Int
    package let dimension: Int
    /// The offset of the numbers, in bytes from the start of the file.
    package let dataOffset: Int

    /// Reads the header of a file; `nil` if the file has another layout or a fault.
    ///
    /// - Parameters:
    ///   - header: the first bytes of the file, header included.
    ///   - byteCount: the size of the file.
    ///   - maximumBytes: the most bytes that it can have.
    package init?(header: [UInt8], byteCount: Int, maximumBytes: Int) {
        do throws(ShardError) {
            let header = try NPYHeader(header.span)
            guard case .float(let format) = header.element, format.width == .single, format.isNative else { return nil }
            (rows, dimension) = try ArrayShape.matrix(header.shape)
            guard !header.isFortranOrder || rows == 1 || dimension == 1 else { return nil }
            try ArrayShape.checkSize(byteCount, expected: try header.fileByteCount())
            try ArrayShape.checkRows(rows, maximumBytes: maximumBytes)
            guard byteCount <= maximumBytes else { return nil }
            dataOffset = header.dataOffset
        } catch {
            return nil
        }
    }
}

extension Matrix {
    /// A matrix whose numbers `fill` writes, as the bytes of all of them.
    package init(
        rows: Int, dimension: Int, filledBy fill: (inout MutableRawSpan) throws -> Void
    ) rethrows {
        let values = unsafe try [Float](unsafeUninitializedCapacity: rows * dimension) { target, count in
            unsafe FloatDecoder.preferLargePages(UnsafeMutableRawBufferPointer(target))
            var bytes = unsafe UnsafeMutableRawBufferPointer(target).mutableBytes
            try fill(&bytes)
            count = rows * dimension
        }
        self.init(rows: rows, dimension: dimension, values: values)
    }
}
