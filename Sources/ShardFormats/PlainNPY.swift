/// The header of an .npy file whose data has the layout of a ``Matrix`` in memory: float32 in this machine's byte
/// order, row-major.
///
/// The data of such a file can be read into a matrix without conversion. ``NPY`` reads all other files, and reports
/// what is wrong with a file.
package struct PlainNPY: Sendable {
    package let rows: Int
    package let dimension: Int
    /// The offset of the data, in bytes from the start of the file.
    package let dataOffset: Int

    /// Reads the header of a file; `nil` if the data has another layout, or something is wrong with the file.
    ///
    /// - Parameters:
    ///   - header: the first bytes of the file, at least the whole header.
    ///   - byteCount: the size of the file in bytes.
    ///   - maximumBytes: the maximum size of the file in bytes.
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
    /// Creates a matrix whose numbers `fill` writes.
    ///
    /// - Parameters:
    ///   - rows: the number of vectors.
    ///   - dimension: the dimension of the vectors.
    ///   - fill: called once with the uninitialised memory of all numbers; must write all of it.
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
