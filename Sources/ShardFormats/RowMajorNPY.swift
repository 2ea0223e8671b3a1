/// The header of an .npy file of float16, float32 or float64 numbers in C order (row-major).
///
/// Such a file can be read some rows at a time. float32 in this machine's byte order needs no conversion. ``NPY`` reads
/// all other files, and reports what is wrong with a file.
package struct RowMajorNPY: Sendable {
    package let rows: Int
    package let dimension: Int
    /// The offset of the data, in bytes from the start of the file.
    package let dataOffset: Int
    private let format: FloatFormat

    /// Reads the header of a file; `nil` if the data has another layout, or something is wrong with the file.
    ///
    /// - Parameters:
    ///   - header: the first bytes of the file, at least the whole header.
    ///   - byteCount: the size of the file in bytes.
    ///   - maximumBytes: the maximum size of the file in bytes.
    package init?(header: [UInt8], byteCount: Int, maximumBytes: Int) {
        do throws(ShardError) {
            let header = try NPYHeader(header.span)
            guard case .float(let format) = header.element else { return nil }
            self.format = format
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

    /// The matrix of some rows of the file.
    ///
    /// - Parameters:
    ///   - rows: the number of rows.
    ///   - read: called once with memory for the rows as they are in the file; must fill all of it.
    package func matrix(
        rows: Int, readBy read: (inout MutableRawSpan) throws -> Void
    ) rethrows -> Matrix {
        if format.isNative { return try Matrix(rows: rows, dimension: dimension, filledBy: read) }
        let count = rows * dimension * format.byteCount
        let bytes = unsafe try [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            var span = unsafe UnsafeMutableRawBufferPointer(target).mutableBytes
            try read(&span)
            initialized = count
        }
        return FloatDecoder(format: format).matrix(
            bytes.span, rows: rows, dimension: dimension, isFortranOrder: false)
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
