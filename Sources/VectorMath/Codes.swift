internal import CKernels

/// Codes of some vectors, with the scale, residual and norm of each.
///
/// For vectors x and q and their decoded codes x' and q' (Cauchy-Schwarz, twice):
///
///     |q.x - q'.x'| <= |q'| |x - x'| + |q - q'| |x|
///
/// A product of codes therefore bounds the product of the vectors, and a search needs the vectors of those rows only
/// that the bounds can't exclude.
package struct Codes: Sendable {
    /// The layout of the blocks that the codes can be written to.
    package let layout: CodeLayout
    fileprivate let bytes: [Int8]
    fileprivate let codes: [ck_code]

    /// Encodes vectors.
    ///
    /// - Parameters:
    ///   - values: rows x dimension.
    ///   - layout: the layout of the blocks that the codes are for.
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

    /// Writes the code of the vector at `position` to row `slot` of a block.
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

/// Coded queries, with the weight of the means in each one's scores.
package struct CodedQueries: Sendable {
    private let codes: Codes
    private let queries: [ck_query]

    /// The number of queries.
    package var count: Int { queries.count }

    /// Encodes queries.
    ///
    /// - Parameters:
    ///   - values: queries x dimension.
    ///   - alphas: the weight of the means for each query.
    ///   - layout: the layout of the blocks to compare with.
    package init(_ values: Span<Float>, alphas: [Float], layout: CodeLayout) {
        let codes = Codes(values, layout: layout)
        self.codes = codes
        // The largest error of a float product, added up in any order, relative to the product of the lengths
        // (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
        let rounding = Float(layout.dimension + 16) * 0x1p-24 * 1.01
        queries = zip(codes.codes, alphas).map { code, alpha in
            ck_query(
                scale: code.scale, norm: (code.norm + code.residual) * 1.000001,
                residual: (code.residual + rounding * code.norm) * 1.000001, alpha: alpha)
        }
    }

    /// Computes the products of the codes of a block with those of some queries.
    ///
    /// - Parameter products: receives queries.count x layout.rows numbers.
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

    /// Bounds the scores of a block's rows, and appends the rows whose upper bound is at least `threshold`.
    ///
    /// - Parameters:
    ///   - query: the index of the query.
    ///   - count: the number of rows in the block that are in use.
    ///   - products: the result of ``products(_:queries:into:)``.
    ///   - offset: the index of the query's first number in `products`.
    ///   - means: the means of the block's rows; +infinity excludes a row.
    ///   - found: receives the rows in ascending order from position `start` on; capacity for `count` more.
    /// - Returns: the number of rows found.
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
