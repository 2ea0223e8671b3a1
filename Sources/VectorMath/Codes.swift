internal import CKernels

/// The codes of some vectors, with the numbers that bound their products.
package struct Codes: Sendable {
    /// The layout of the blocks that the codes can be written to.
    package let layout: CodeLayout
    /// The number of vectors.
    package let count: Int
    /// The codes, count x (leading + rest) bytes.
    private let bytes: [UInt8]
    /// The numbers of each vector in the columns of a block, count x columns.
    private let columns: [Float]
    /// For each vector its numbers in the columns of sign codes, count x sign columns.
    private let signColumns: [Float]

    private static let columnCount = Int(ck_columns.rawValue)
    private static let signColumnCount = Int(ck_sign_columns.rawValue)

    /// Encodes vectors.
    ///
    /// - Parameters:
    ///   - values: the vectors, count x dimension. The bounds of a vector with a component that is not finite are NaN.
    ///   - role: whether the vectors are images or references.
    ///   - basis: the basis of the codes.
    ///   - layout: the layout of the blocks that the codes will be written to.
    package init(_ values: Span<Float>, _ role: CodeBasis.Role, basis: CodeBasis, layout: CodeLayout) {
        let (dimension, parts) = (layout.dimension, layout.parts)
        let count = values.count / dimension
        let center = basis.center(role)
        let otherCenter = basis.center(role.other)
        let constant = Kernels.doubleProduct(otherCenter.span, center.span)
        var rotated = [Float](repeating: 0, count: values.count)
        basis.rotation.apply(values, center: center.span, into: &rotated)
        var bytes = [UInt8](repeating: 0, count: count * (parts.leading + parts.rest))
        var columns: [Float] = []
        columns.reserveCapacity(count * Self.columnCount)
        var signColumns: [Float] = []
        signColumns.reserveCapacity(count * Self.signColumnCount)
        for row in 0..<count {
            let vector = values.extracting(row * dimension..<(row + 1) * dimension)
            let (leading, rest) = Self.encode(rotated, row: row, layout: layout, into: &bytes)
            let offset = Kernels.doubleProduct(vector, otherCenter.span) - constant
            columns += Self.columns(leading, rest, offset: Float(offset), rotation: basis.rotation)
            let signScale = Self.signScale(rotated, row: row, layout: layout)
            signColumns += [leading.scale, Float(offset), signScale]
        }
        (self.layout, self.count, self.bytes) = (layout, count, bytes)
        (self.columns, self.signColumns) = (columns, signColumns)
    }

    private static func encode(
        _ rotated: [Float], row: Int, layout: CodeLayout, into bytes: inout [UInt8]
    ) -> (leading: ck_code, rest: ck_code) {
        let parts = layout.parts
        let start = row * (parts.leading + parts.rest)
        return unsafe rotated.withUnsafeBufferPointer { rotated in
            unsafe bytes.withUnsafeMutableBufferPointer { bytes in
                guard let from = rotated.baseAddress, let to = bytes.baseAddress else { return (ck_code(), ck_code()) }
                let values = unsafe from + row * layout.dimension
                return unsafe (
                    ck_encode(values, parts.leading, parts.leading, 127, to + start),
                    ck_encode(
                        values + parts.leading, layout.dimension - parts.leading, parts.rest, 127,
                        to + start + parts.leading)
                )
            }
        }
    }

    private static func signScale(_ rotated: [Float], row: Int, layout: CodeLayout) -> Float {
        let leading = layout.parts.leading
        return unsafe rotated.withUnsafeBufferPointer { rotated in
            guard let from = rotated.baseAddress else { return 0 }
            return unsafe ck_sign_scale_of(
                from + row * layout.dimension + leading, layout.dimension - leading)
        }
    }

    /// The numbers of a vector in the columns of a block, in the order of `ck_column`.
    ///
    /// The rotated vector differs from R (x - c) by a rounding error, which is added to residuals and norms. Residuals
    /// also contain 2^-20 of the norm and of the high residual, for the rounding of the products; docs/search.md has
    /// the proof.
    private static func columns(
        _ leading: ck_code, _ rest: ck_code, offset: Float, rotation: CodeRotation
    ) -> [Float] {
        let error = Float(rotation.errorBound(length: 1.001 * Double(leading.norm + rest.norm)))
        func residual(_ residual: Float, _ norm: Float) -> Float { (residual + error + 0x1p-20 * norm) * 1.00001 }
        func norm(_ norm: Float) -> Float { (norm + error) * 1.00001 }
        let decodedNorm = rest.norm + rest.high_residual
        return [
            leading.scale, rest.scale, offset, residual(leading.residual, leading.norm),
            residual(rest.high_residual, decodedNorm), residual(rest.residual, decodedNorm), norm(leading.norm),
            norm(rest.norm),
        ]
    }

    /// Writes the code of one vector to a block.
    ///
    /// - Parameters:
    ///   - position: the index of the vector.
    ///   - block: a block of `layout`.
    ///   - slot: the position in the block.
    package func write(_ position: Int, to block: inout MutableRawSpan, slot: Int) {
        precondition(slot < layout.rows && block.byteCount >= layout.byteCount && position < count)
        let parts = layout.parts
        unsafe block.withUnsafeMutableBytes { block in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                guard let start = block.baseAddress, let from = bytes.baseAddress else { return }
                let target = unsafe (start + CacheLine.pad).assumingMemoryBound(to: UInt8.self)
                let leading = unsafe from + position * (parts.leading + parts.rest)
                let rest = unsafe leading + parts.leading
                unsafe columns.withUnsafeBufferPointer { columns in
                    guard let c = columns.baseAddress else { return }
                    unsafe ck_store_code(target, parts, slot, leading, rest, c + position * Self.columnCount)
                }
            }
        }
    }

    /// Writes the sign code of one vector to a block of sign codes.
    ///
    /// - Parameters:
    ///   - position: the index of the vector.
    ///   - block: a block of sign codes of `layout`.
    ///   - slot: the position in the block.
    package func writeSigns(_ position: Int, to block: inout MutableRawSpan, slot: Int) {
        precondition(slot < layout.rows && block.byteCount >= layout.signByteCount && position < count)
        let parts = layout.parts
        unsafe block.withUnsafeMutableBytes { block in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                unsafe signColumns.withUnsafeBufferPointer { columns in
                    guard let start = block.baseAddress, let from = bytes.baseAddress, let c = columns.baseAddress
                    else { return }
                    let leading = unsafe from + position * (parts.leading + parts.rest)
                    unsafe ck_store_signs(
                        (start + CacheLine.pad).assumingMemoryBound(to: UInt8.self), parts, slot, leading,
                        leading + parts.leading, c + position * Self.signColumnCount)
                }
            }
        }
    }
}
