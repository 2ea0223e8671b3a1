internal import CKernels

extension CodeLayout {
    /// Whether the stored code of an image gives valid bounds of its products.
    ///
    /// Valid are residuals that are at least the lengths of the differences between the rotated vector and the decoded
    /// codes, norms that are at least its lengths, and an offset that is the product with the centre of the references.
    ///
    /// First the vector is rotated in single precision, and the largest error of that is added to all lengths. If the
    /// stored numbers are not large enough for that, it is rotated in double precision, which is slow.
    ///
    /// - Parameters:
    ///   - vector: the row's vector, as it is stored.
    ///   - basis: the basis of the block's codes.
    ///   - block: the block of codes that holds the row.
    ///   - slot: the position of the row in the block.
    package func hasValidBounds(for vector: [Float], basis: CodeBasis, in block: RawSpan, slot: Int) -> Bool {
        guard block.byteCount == byteCount, vector.count == dimension, slot < rows else { return false }
        var leading = [UInt8](repeating: 0, count: parts.leading)
        var rest = [UInt8](repeating: 0, count: parts.rest)
        var columns = [Float](repeating: 0, count: Int(ck_columns.rawValue))
        unsafe block.withUnsafeBytes { block in
            guard let b = block.baseAddress else { return }
            let parts = parts
            unsafe ck_load_code(
                (b + CacheLine.pad).assumingMemoryBound(to: UInt8.self), parts, slot, &leading, &rest, &columns)
        }
        func number(_ column: ck_column) -> Double { Double(columns[Int(column.rawValue)]) }
        guard columns.allSatisfy(\.isFinite) else { return false }
        func covers(_ rotated: [Double], error: Double) -> Bool {
            let first = Loss(rotated.prefix(parts.leading), leading, scale: number(ck_leading_scale), error: error)
            let second = Loss(rotated.dropFirst(parts.leading), rest, scale: number(ck_rest_scale), error: error)
            return number(ck_leading_residual) >= first.residual && number(ck_leading_norm) >= first.norm
                && number(ck_rest_residual) >= second.residual && number(ck_rest_norm) >= second.norm
                && number(ck_high_residual) >= second.highResidual
        }
        let length = zip(vector, basis.center(.image)).reduce(0.0) {
            $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
        }.squareRoot()
        let offset = zip(zip(vector, basis.center(.image)), basis.center(.reference)).reduce(0.0) {
            $0 + (Double($1.0.0) - Double($1.0.1)) * Double($1.1)
        }
        let offsetError = abs(number(ck_offset) - offset)
        guard offsetError <= abs(offset) * 0x1p-23 + 0x1p-30 * length else { return false }
        var rotated = [Float](repeating: 0, count: dimension)
        basis.rotation.apply(vector.span, center: basis.center(.image).span, into: &rotated)
        return covers(rotated.map(Double.init), error: basis.rotation.errorBound(length: length))
            || covers(basis.exact(vector, .image), error: 0)
    }
}

extension CodeLayout {
    /// Whether the sign code of a row agrees with its code.
    ///
    /// A wrong sign code makes no result wrong, but an approximate search can miss the row.
    ///
    /// - Parameters:
    ///   - signBlock: the sign codes of a block.
    ///   - block: the codes of the block, with the same basis.
    ///   - slot: the position of the row in the block.
    package func signs(_ signBlock: RawSpan, matchCodes block: RawSpan, slot: Int) -> Bool {
        guard block.byteCount == byteCount, signBlock.byteCount == signByteCount, slot < rows else { return false }
        var leading = [[UInt8]](repeating: Array(repeating: 0, count: parts.leading), count: 2)
        var rest = [UInt8](repeating: 0, count: parts.rest)
        var signs = rest
        var columns = [Float](repeating: 0, count: Int(ck_columns.rawValue))
        var signColumns = [Float](repeating: 0, count: Int(ck_sign_columns.rawValue))
        let parts = parts
        unsafe block.withUnsafeBytes { block in
            guard let start = block.baseAddress else { return }
            let codes = unsafe (start + CacheLine.pad).assumingMemoryBound(to: UInt8.self)
            unsafe ck_load_code(codes, parts, slot, &leading[0], &rest, &columns)
        }
        unsafe signBlock.withUnsafeBytes { block in
            guard let start = block.baseAddress else { return }
            let codes = unsafe (start + CacheLine.pad).assumingMemoryBound(to: UInt8.self)
            unsafe ck_load_signs(codes, parts, slot, &leading[1], &signs, &signColumns)
        }
        return leading[0] == leading[1] && signs == rest.map { $0 >> 7 }
            && signColumns[Int(ck_sign_leading_scale.rawValue)] == columns[Int(ck_leading_scale.rawValue)]
            && signColumns[Int(ck_sign_offset.rawValue)] == columns[Int(ck_offset.rawValue)]
            && signColumns[Int(ck_sign_scale.rawValue)] >= 0
    }
}

extension CodeLayout {
    /// Whether a row has the same sign code in two blocks of sign codes.
    ///
    /// - Parameters:
    ///   - slot: the position of the row in the first block.
    ///   - otherSlot: the position of the row in the other block, which can have another number of rows.
    package func signs(_ block: RawSpan, _ slot: Int, equal other: RawSpan, _ otherSlot: Int) -> Bool {
        func code(_ block: RawSpan, _ slot: Int) -> (bytes: [UInt8], columns: [UInt32])? {
            guard (block.byteCount - CacheLine.pad) / signBytesPerGroup > slot / Self.rowsPerGroup else { return nil }
            var leading = [UInt8](repeating: 0, count: parts.leading)
            var signs = [UInt8](repeating: 0, count: parts.rest)
            var columns = [Float](repeating: 0, count: Int(ck_sign_columns.rawValue))
            let parts = parts
            unsafe block.withUnsafeBytes { block in
                guard let start = block.baseAddress else { return }
                unsafe ck_load_signs(
                    (start + CacheLine.pad).assumingMemoryBound(to: UInt8.self), parts, slot, &leading, &signs,
                    &columns)
            }
            return (leading + signs, columns.map(\.bitPattern))
        }
        guard let own = code(block, slot), let other = code(other, otherSlot) else { return false }
        return own == other
    }
}

/// What the codes of some components lose, computed in double precision.
private struct Loss {
    /// The length of the components.
    let norm: Double
    /// The length of the components minus the decoded codes.
    let residual: Double
    /// The same for the high halves of the codes alone.
    let highResidual: Double

    /// - Parameters:
    ///   - values: the components.
    ///   - codes: their codes, and any number of others.
    ///   - scale: the scale of the codes.
    ///   - error: is added to the lengths: the largest error of `values`.
    init(_ values: ArraySlice<Double>, _ codes: [UInt8], scale: Double, error: Double) {
        var (length, lost, highLost) = (0.0, 0.0, 0.0)
        for (value, code) in zip(values, codes) {
            let low = value - scale * Double(Int(code) - 128)
            let high = value - scale * Double(Int(code & 0xf0) - 120)
            length += value * value
            lost += low * low
            highLost += high * high
        }
        norm = length.squareRoot() + error
        residual = lost.squareRoot() + error
        highResidual = highLost.squareRoot() + error
    }
}
