/// An .npy file whose data are a matrix as it is used: float32 of this machine, row after row, nothing after it.
///
/// Such a file can be read straight into the matrix; all others go through ``NPY``, which also says what is wrong.
package struct PlainNPY: Sendable {
    package let rows: Int
    package let dimension: Int
    /// Where the numbers start, in bytes from the start of the file.
    package let dataOffset: Int

    /// Looks at the start of a file; `nil` where it is none, or something is wrong with it.
    ///
    /// - Parameters:
    ///   - header: the first bytes of the file, header included.
    ///   - byteCount: the size of the file.
    ///   - maximumBytes: the most bytes that it may have.
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
    /// A matrix of numbers that `fill` writes, as bytes, all of them.
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
