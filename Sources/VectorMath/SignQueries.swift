internal import CKernels

/// The codes of some queries for comparisons with sign codes, each with its alpha: score = similarity - alpha x mean.
///
/// A sign code has the leading components of a vector with 8 bits, and only the signs of the others. A comparison
/// estimates the score of each row. The estimate is no bound: it is right on average, and off by some amount for each
/// row.
package struct SignQueries: Sendable {
    /// The layout of the blocks that the queries can be compared with.
    package let layout: CodeLayout
    /// The number of queries.
    package private(set) var count: Int
    private var codes: [Int8]
    private var queries: [ck_sign_query] = []
    /// The size of the codes of a query, in bytes.
    private let stride: Int

    /// Encodes queries.
    ///
    /// - Parameters:
    ///   - values: the queries, queries x dimension; the rows that they are compared with are images.
    ///   - alphas: for each query the weight of the means in its scores.
    ///   - basis: the basis of the blocks' codes.
    ///   - layout: the layout of the blocks that the queries will be compared with.
    package init(_ values: Span<Float>, alphas: [Float], basis: CodeBasis, layout: CodeLayout) {
        let (dimension, parts) = (layout.dimension, layout.parts)
        self.layout = layout
        count = values.count / dimension
        stride = ck_sign_query_stride(parts)
        codes = Array(repeating: 0, count: count * stride)
        var rotated = [Float](repeating: 0, count: values.count)
        basis.rotation.apply(values, center: basis.center(.reference).span, into: &rotated)
        for index in 0..<count {
            var query = ck_sign_query()
            query.alpha = alphas[index]
            let vector = values.extracting(index * dimension..<(index + 1) * dimension)
            query.offset = Float(Kernels.doubleProduct(vector, basis.center(.image).span))
            unsafe rotated.withUnsafeBufferPointer { rotated in
                unsafe codes.withUnsafeMutableBufferPointer { codes in
                    guard let from = rotated.baseAddress, let to = codes.baseAddress else { return }
                    unsafe ck_encode_sign_query(
                        from + index * dimension, parts.leading, dimension - parts.leading, parts,
                        to + index * stride, &query)
                }
            }
            queries.append(query)
        }
    }

    /// Some of the queries.
    ///
    /// - Parameter indices: the indices of the queries; the first one has the index 0 in the result, and so on.
    package func selecting(_ indices: [Int]) -> SignQueries {
        var selected = self
        selected.count = indices.count
        selected.queries = indices.map { queries[$0] }
        selected.codes = []
        selected.codes.reserveCapacity(indices.count * stride)
        for index in indices { selected.codes += codes[index * stride..<(index + 1) * stride] }
        return selected
    }

    /// Estimates the scores of a block's rows for some queries, and adds the rows whose estimate exceeds a threshold to
    /// the candidates.
    ///
    /// - Parameters:
    ///   - block: a block of sign codes of the queries' basis.
    ///   - queries: the indices of the queries. The first of them has the list 0 in `candidates`, and so on.
    ///   - means: the mean of each row of the block; +infinity excludes a row.
    ///   - thresholds: for each query of `queries` the threshold.
    ///   - firstRow: the row of the block's first code.
    ///   - candidates: receives the rows; both bounds of a row are its estimate. Each list has space for `layout.rows`
    ///     more.
    /// - Returns: the number of rows added.
    package func scan(
        _ block: RawSpan, queries range: Range<Int>, means: Span<Float>, thresholds: [Float], firstRow: UInt32,
        into candidates: inout Candidates
    ) -> Int {
        let parts = layout.parts
        precondition(block.byteCount >= layout.signByteCount && means.count >= layout.rows)
        precondition(range.upperBound <= count && thresholds.count >= range.count)
        var added = 0
        unsafe block.withUnsafeBytes { block in
            unsafe means.withUnsafeBufferPointer { means in
                unsafe queries.withUnsafeBufferPointer { queries in
                    unsafe codes.withUnsafeBufferPointer { codes in
                        unsafe candidates.withPointers(count: range.count, space: layout.rows) { table, _ in
                            guard let b = block.baseAddress, let m = means.baseAddress, let q = queries.baseAddress,
                                let c = codes.baseAddress
                            else { return }
                            added = unsafe ck_scan_signs(
                                (b + CacheLine.pad).assumingMemoryBound(to: UInt8.self), parts, m,
                                q + range.lowerBound, c + range.lowerBound * stride, range.count, thresholds,
                                firstRow, table)
                        }
                    }
                }
            }
        }
        return added
    }
}
