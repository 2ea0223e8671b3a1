internal import CKernels

/// The codes of some vectors, with the scale, the residual and the norm of each; ``CodeLayout`` describes them.
///
/// For vectors x and q with decoded codes x' and q', the Cauchy-Schwarz inequality gives:
///
///     |q.x - q'.x'| <= |q'| |x - x'| + |q - q'| |x|
///
/// The product of the codes therefore bounds the product of the vectors. A search computes products of vectors only for
/// the rows that the bounds do not exclude.
package struct Codes: Sendable {
    /// The layout of the blocks that the codes can be written to.
    package let layout: CodeLayout
    fileprivate let bytes: [Int8]
    fileprivate let codes: [ck_code]

    /// Encodes vectors.
    ///
    /// - Parameters:
    ///   - values: the vectors, count x dimension.
    ///   - layout: the layout of the blocks that the codes will be written to.
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

    /// Writes the code of one vector to a block.
    ///
    /// - Parameters:
    ///   - position: the index of the vector.
    ///   - block: a block of `layout`.
    ///   - slot: the position in the block.
    package func write(_ position: Int, to block: inout MutableRawSpan, slot: Int) {
        precondition(slot < layout.rows && block.byteCount >= layout.byteCount)
        let code = codes[position]
        unsafe block.withUnsafeMutableBytes { block in
            unsafe bytes.withUnsafeBytes { bytes in
                let codeBytes = unsafe UnsafeRawBufferPointer(
                    rebasing: bytes[position * layout.stride..<(position + 1) * layout.stride])
                unsafe UnsafeMutableRawBufferPointer(rebasing: block[layout.code(slot)...]).copyMemory(from: codeBytes)
            }
            for (column, value) in [code.scale, code.residual, code.norm].enumerated() {
                unsafe block.storeBytes(of: value, toByteOffset: layout.column(column) + slot * 4, as: Float.self)
            }
        }
    }
}

/// The codes of some queries, each with its alpha: score = similarity - alpha x mean.
package struct CodedQueries: Sendable {
    private let codes: Codes
    private let queries: [ck_query]

    /// The number of queries.
    package var count: Int { queries.count }

    /// Encodes queries.
    ///
    /// - Parameters:
    ///   - values: the queries, queries x dimension.
    ///   - alphas: for each query the weight of the means in its scores.
    ///   - layout: the layout of the blocks that the queries will be compared with.
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

    /// Computes the products of the codes of some queries with all codes of a block.
    ///
    /// - Parameters:
    ///   - block: a block of codes.
    ///   - queries: the indices of the queries.
    ///   - products: receives the products, queries.count x layout.rows.
    package func products(_ block: RawSpan, queries: Range<Int>, into products: inout [Int32]) {
        let layout = codes.layout
        precondition(products.count >= queries.count * layout.rows && block.byteCount >= layout.byteCount)
        precondition(queries.upperBound <= count)
        unsafe block.withUnsafeBytes { block in
            unsafe codes.bytes.withUnsafeBufferPointer { queryCodes in
                unsafe products.withUnsafeMutableBufferPointer { products in
                    guard let b = block.baseAddress, let q = queryCodes.baseAddress, let p = products.baseAddress else {
                        return
                    }
                    unsafe ck_code_products(
                        (b + layout.code(0)).assumingMemoryBound(to: Int8.self), layout.rows, layout.stride,
                        q + queries.lowerBound * layout.stride, queries.count, p)
                }
            }
        }
    }

    /// Bounds the scores of a block's rows for one query, and collects the rows whose upper bound reaches a minimum.
    ///
    /// - Parameters:
    ///   - query: the index of the query.
    ///   - block: the block of codes.
    ///   - count: the number of rows to consider; they are the first ones of the block.
    ///   - products: the result of ``products(_:queries:into:)``.
    ///   - offset: the index of the query's first product in `products`.
    ///   - means: the mean of each row of the block; +infinity excludes a row.
    ///   - minimumScore: rows whose upper bound is lower are not collected.
    ///   - found: receives the rows with their bounds, beginning at position `start`. It has space for `count` rows
    ///     there. The rows are positions in the block, ascending.
    /// - Returns: the number of rows collected.
    package func collect(
        _ query: Int, _ block: RawSpan, count: Int, products: [Int32], at offset: Int, means: Span<Float>,
        minimumScore: Float, into found: inout ScoreIntervals, at start: Int = 0
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
                            queries[query], minimumScore, found)
                    }
                }
            }
        } ?? 0
    }
}
