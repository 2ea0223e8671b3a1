internal import CKernels

/// The coded rows of some vectors: a code, and what it loses, for each.
///
/// For vectors x and q and their decoded codes x' and q' (Cauchy-Schwarz, twice):
///
///     |q.x - q'.x'| <= |q'| |x - x'| + |q - q'| |x|
///
/// so a product of codes bounds the product of the vectors, and a scan needs the vectors of those rows only that the
/// bound can't exclude.
package struct Codes: Sendable {
    package let layout: CodeLayout
    fileprivate let bytes: [Int8]
    fileprivate let codes: [ck_code]

    /// Encodes vectors.
    ///
    /// - Parameters:
    ///   - values: rows x dimension.
    ///   - layout: that of the block they go to.
    package init(_ values: Span<Float>, layout: CodeLayout) {
        self.layout = layout
        let rows = values.count / layout.dimension
        var codes: [ck_code] = []
        codes.reserveCapacity(rows)
        var bytes = [Int8](repeating: 0, count: rows * layout.stride)
        unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            unsafe values.withUnsafeBufferPointer { values in
                guard let from = values.baseAddress, let to = bytes.baseAddress else { return }
                for row in 0..<rows {
                    codes.append(
                        unsafe ck_encode(
                            from + row * layout.dimension, layout.dimension, layout.stride, to + row * layout.stride))
                }
            }
        }
        self.bytes = bytes
        self.codes = codes
    }

    /// Writes the code at `position` as that of row `slot` of a block.
    package func write(_ position: Int, to block: inout MutableRawSpan, slot: Int) {
        precondition(slot < layout.rows && block.byteCount >= layout.byteCount)
        let code = codes[position]
        unsafe block.withUnsafeMutableBytes { block in
            unsafe bytes.withUnsafeBytes { bytes in
                let own = unsafe UnsafeRawBufferPointer(
                    rebasing: bytes[position * layout.stride..<(position + 1) * layout.stride])
                unsafe UnsafeMutableRawBufferPointer(rebasing: block[layout.code(slot)...]).copyMemory(from: own)
            }
            for (column, value) in [code.scale, code.residual, code.norm].enumerated() {
                unsafe block.storeBytes(of: value, toByteOffset: layout.column(column) + slot * 4, as: Float.self)
            }
        }
    }
}

/// Queries as codes.
package struct CodedQueries: Sendable {
    private let codes: Codes
    private let queries: [ck_query]

    /// How many there are.
    package var count: Int { queries.count }

    /// Encodes queries.
    ///
    /// - Parameters:
    ///   - values: queries x dimension.
    ///   - alphas: each query's weight of the means.
    ///   - layout: that of the blocks to scan.
    package init(_ values: Span<Float>, alphas: [Float], layout: CodeLayout) {
        let codes = Codes(values, layout: layout)
        self.codes = codes
        // A float product of dimension numbers, added up in whatever order, is off by at most this share of the product
        // of the lengths (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
        let rounding = Float(layout.dimension + 16) * 0x1p-24 * 1.01
        queries = zip(codes.codes, alphas).map { code, alpha in
            ck_query(
                scale: code.scale, norm: (code.norm + code.residual) * 1.000001,
                residual: (code.residual + rounding * code.norm) * 1.000001, alpha: alpha)
        }
    }

    /// The products of the codes of a block with those of some queries.
    ///
    /// - Parameter products: receives queries.count x rows numbers.
    package func products(_ block: RawSpan, queries: Range<Int>, into products: inout [Int32]) {
        let layout = codes.layout
        precondition(products.count >= queries.count * layout.rows && block.byteCount >= layout.byteCount)
        precondition(queries.upperBound <= count)
        unsafe block.withUnsafeBytes { block in
            unsafe codes.bytes.withUnsafeBufferPointer { own in
                unsafe products.withUnsafeMutableBufferPointer { products in
                    guard let b = block.baseAddress, let q = own.baseAddress, let p = products.baseAddress else {
                        return
                    }
                    unsafe ck_code_products(
                        (b + layout.code(0)).assumingMemoryBound(to: Int8.self), layout.rows, layout.stride,
                        q + queries.lowerBound * layout.stride, queries.count, p)
                }
            }
        }
    }

    /// Bounds the scores of a block's rows, and appends those that can be `threshold` or more.
    ///
    /// - Parameters:
    ///   - query: the query's number.
    ///   - count: how many rows the block has.
    ///   - products: what ``products(_:queries:into:)`` gave.
    ///   - offset: where this query's numbers begin in `products`.
    ///   - means: those of the block's rows; a row without an image has +infinity and is never found.
    ///   - found: receives the rows from index `start` on, rising; it must have room for `count`.
    /// - Returns: how many were found.
    package func collect(
        _ query: Int, _ block: RawSpan, count: Int, products: [Int32], at offset: Int, means: Span<Float>,
        from threshold: Float, into found: inout ScoreIntervals, at start: Int = 0
    ) -> Int {
        let layout = codes.layout
        precondition(count <= layout.rows && block.byteCount >= layout.byteCount && products.count >= offset + count)
        precondition(means.count >= count && found.count >= start + count)
        return unsafe found.withColumns(from: start) { found in
            unsafe block.withUnsafeBytes { block in
                unsafe products.withUnsafeBufferPointer { products in
                    unsafe means.withUnsafeBufferPointer { means in
                        guard let b = block.baseAddress, let p = products.baseAddress, let m = means.baseAddress else {
                            return 0
                        }
                        let columns = unsafe (b + layout.column(0)).assumingMemoryBound(to: Float.self)
                        return unsafe ck_collect(
                            p + offset, columns, columns + layout.rows, columns + 2 * layout.rows, m, count,
                            queries[query], threshold, found)
                    }
                }
            }
        } ?? 0
    }
}
