internal import CKernels

/// The layout of a block of codes, and of the block of sign codes of the same rows.
///
/// A code approximates a vector. Searches read a part of the codes of all rows, and exclude most rows by it.
///
/// A code has one byte for each component of R (x - c), see ``CodeBasis``. A block stores three parts separately: the
/// bytes of the leading components, the high four bits of the others, and their low four bits. `ck_layout` in CKCodes.h
/// describes the order of the bytes. A block begins with the version of the basis of its codes:
///
///     [0 ..< 4]                        version of the basis
///     [4 ..< CacheLine.pad]            unused, so that codes begin on cache lines
///     [CacheLine.pad ..< byteCount]    columns of floats and codes
///
/// A block of sign codes begins in the same way. CKSigns.h describes its order.
package struct CodeLayout: Sendable {
    /// The number of rows in a block, a multiple of ``rowsPerGroup``.
    package let rows: Int
    /// The number of components of a vector.
    package let dimension: Int
    let parts: ck_layout

    /// The number of rows in a block is a multiple of this.
    package static let rowsPerGroup = Int(CK_GROUP)

    /// Makes the layout of blocks with `rows` vectors of `dimension` components.
    package init(rows: Int, dimension: Int) {
        precondition(rows % Self.rowsPerGroup == 0)
        self.rows = rows
        self.dimension = dimension
        let leading = CodeRotation.leadingCount(dimension: dimension)
        let rest = (dimension - leading + 7) / 8 * 8
        let step = Int(CK_LOW_STEP)
        parts = ck_layout(rows: rows, leading: leading, rest: rest, low_stride: (rest / 2 + step - 1) / step * step)
    }

    /// The size of a block in bytes.
    package var byteCount: Int { CacheLine.pad + rows * bytesPerRow }

    /// The size of a row's code in bytes, with its columns.
    package var bytesPerRow: Int {
        Int(ck_columns.rawValue) * 4 + parts.leading + parts.rest / 2 + parts.low_stride
    }

    /// The size of a block of sign codes in bytes.
    package var signByteCount: Int { CacheLine.pad + rows * ck_sign_bytes(parts) }

    /// The size of the sign codes of a group of rows in bytes.
    package var signBytesPerGroup: Int { Self.rowsPerGroup * ck_sign_bytes(parts) }

    /// Copies the sign code of a row to another block.
    ///
    /// - Parameters:
    ///   - source: a block of sign codes of this dimension.
    ///   - slot: the position of the row in it.
    ///   - target: receives the sign code; a block of sign codes with the same basis.
    ///   - targetSlot: the position in it.
    package func copySigns(
        from source: RawSpan, slot: Int, to target: inout MutableRawSpan, slot targetSlot: Int
    ) {
        func groups(_ byteCount: Int) -> Int { (byteCount - CacheLine.pad) / signBytesPerGroup }
        precondition(slot >= 0 && slot / Self.rowsPerGroup < groups(source.byteCount))
        precondition(targetSlot >= 0 && targetSlot / Self.rowsPerGroup < groups(target.byteCount))
        unsafe source.withUnsafeBytes { source in
            unsafe target.withUnsafeMutableBytes { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                unsafe ck_copy_signs(
                    (from + CacheLine.pad).assumingMemoryBound(to: UInt8.self), parts, slot,
                    (to + CacheLine.pad).assumingMemoryBound(to: UInt8.self), targetSlot)
            }
        }
    }

    /// The version of the basis of a block's codes, or of its sign codes.
    package func version(of block: RawSpan) -> UInt32 {
        unsafe block.unsafeLoadUnaligned(as: UInt32.self)
    }

    /// Writes the version of the basis of a block's codes, or of its sign codes.
    package func setVersion(_ version: UInt32, of block: inout MutableRawSpan) {
        block.storeBytes(of: version, as: UInt32.self)
    }
}
