internal import CKernels

/// The codes of some queries, each with its alpha: score = similarity - alpha x mean.
///
/// For vectors x and q with decoded codes x' and q', the Cauchy-Schwarz inequality gives:
///
///     |q.x - q'.x'| <= |q'| |x - x'| + |q - q'| |x|
///
/// It is applied to the leading components and to the others separately. The product of the codes therefore bounds the
/// product of the vectors. A search computes products of vectors only for the rows that the bounds do not exclude.
///
/// A class, because the threads of a scan take it for each block: they would count references to each of its arrays.
package final class CodedQueries: Sendable {
    /// The layout of the blocks that the queries can be compared with.
    package let layout: CodeLayout
    /// The number of queries.
    package let count: Int
    /// The queries coded for a scan of each kind; `nil` for a kind that was not asked for.
    private let halves: PackedQueries?
    private let whole: PackedQueries?

    /// What a scan multiplies for all rows.
    package enum ScanKind: Sendable {
        /// The high halves of the codes, and for the rows that these do not exclude also the low halves.
        case halves
        /// The whole codes. Faster for several queries if the high halves exclude few rows.
        case whole
    }

    /// How many pairs of a query and a row the bounds of a scan did not exclude.
    package struct ScanCounts: Equatable, Sendable {
        /// The pairs that the high halves of the codes did not exclude; in a scan of whole codes the same as ``low``.
        package var high = 0
        /// The pairs that whole codes did not exclude: the candidates.
        package var low = 0

        package init() {}

        package static func += (a: inout ScanCounts, b: ScanCounts) {
            a.high += b.high
            a.low += b.low
        }
    }

    /// Encodes queries.
    ///
    /// - Parameters:
    ///   - values: the queries, queries x dimension.
    ///   - role: whether the queries are images or references; the rows that they are compared with are the others.
    ///     The query of a search has the role `reference`.
    ///   - alphas: for each query the weight of the means in its scores.
    ///   - basis: the basis of the blocks' codes.
    ///   - layout: the layout of the blocks that the queries will be compared with.
    ///   - kinds: the kinds of scans that the queries will be used for.
    package init(
        _ values: Span<Float>, _ role: CodeBasis.Role, alphas: [Float], basis: CodeBasis, layout: CodeLayout,
        for kinds: [ScanKind]
    ) {
        var rotated = [Float](repeating: 0, count: values.count)
        basis.rotation.apply(values, center: basis.center(role).span, into: &rotated)
        let bounds = QueryBounds(basis: basis, role: role)
        func pack(_ kind: ScanKind, steps: Int) -> PackedQueries? {
            guard kinds.contains(kind) else { return nil }
            return PackedQueries(rotated, values, alphas: alphas, steps: steps, bounds: bounds, layout: layout)
        }
        self.layout = layout
        count = values.count / layout.dimension
        halves = pack(.halves, steps: 0)
        // At some levels the two kinds have the same codes.
        let isShared = ck_whole_steps() == 0 && kinds.contains(.whole)
        whole = (isShared ? halves : nil) ?? pack(.whole, steps: ck_whole_steps())
    }

    /// Bounds the scores of a block's rows for some queries, and adds the rows that can reach a threshold to the
    /// candidates.
    ///
    /// - Parameters:
    ///   - block: a block of codes of the queries' basis.
    ///   - next: the block that is probably scanned next, which is prefetched; `block` if there is none.
    ///   - queries: the indices of the queries. The first of them has the list 0 in `candidates`, and so on.
    ///   - means: the mean of each row of the block; +infinity excludes a row.
    ///   - thresholds: for each query of `queries` the score that a row must be able to reach.
    ///   - firstRow: the row of the block's first code.
    ///   - kind: what is multiplied for all rows; one of the kinds that the queries were encoded for.
    ///   - candidates: receives the candidates. Each list has space for `layout.rows` more.
    package func scan(
        _ block: RawSpan, next: RawSpan, queries range: Range<Int>, means: Span<Float>, thresholds: [Float],
        firstRow: UInt32, kind: ScanKind = .halves, into candidates: inout Candidates
    ) -> ScanCounts {
        let parts = layout.parts
        precondition(block.byteCount >= layout.byteCount && means.count >= layout.rows)
        precondition(next.byteCount >= layout.byteCount)
        precondition(range.upperBound <= count && thresholds.count >= range.count)
        var counts = ScanCounts()
        let scan = unsafe kind == .halves ? ck_scan : ck_scan_whole
        unsafe withGroups(of: block) { block in
            unsafe withGroups(of: next) { next in
                unsafe means.withUnsafeBufferPointer { means in
                    unsafe withPointers(kind, from: range.lowerBound) { queries, codes in
                        unsafe candidates.withPointers(count: range.count, space: layout.rows) { table, scratch in
                            guard let m = means.baseAddress else { return }
                            let found = unsafe scan(
                                block, next, parts, m, queries, codes, range.count, thresholds, firstRow, table,
                                scratch)
                            (counts.high, counts.low) = (Int(found.high), Int(found.low))
                        }
                    }
                }
            }
        }
        return counts
    }

    /// Calls `body` with a pointer to the first group of rows of a block.
    private func withGroups(of block: RawSpan, _ body: (UnsafePointer<UInt8>) -> Void) {
        unsafe block.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe body((start + CacheLine.pad).assumingMemoryBound(to: UInt8.self))
        }
    }

    /// Calls `body` with pointers to a query and its codes for a kind of scan.
    private func withPointers(
        _ kind: ScanKind, from first: Int, _ body: (UnsafePointer<ck_query>, UnsafePointer<Int8>) -> Void
    ) {
        switch kind {
        case .halves:
            precondition(halves != nil)
            unsafe halves?.withPointers(from: first, body)
        case .whole:
            precondition(whole != nil)
            unsafe whole?.withPointers(from: first, body)
        }
    }
}

/// The codes of some queries, and the numbers that bound their scores.
private struct PackedQueries: Sendable {
    private var codes: [Int8]
    private var queries: [ck_query]
    /// The size of the codes of a query, in bytes.
    private let stride: Int

    /// Encodes queries.
    ///
    /// - Parameters:
    ///   - rotated: the rotated queries, queries x dimension.
    ///   - values: the queries.
    ///   - steps: how many steps of a scan are added up in 16 bits, or 0, as `ck_encode_query` takes it.
    init(
        _ rotated: [Float], _ values: Span<Float>, alphas: [Float], steps: Int, bounds: QueryBounds,
        layout: CodeLayout
    ) {
        let dimension = layout.dimension
        let count = values.count / dimension
        stride = ck_query_stride(layout.parts)
        codes = Array(repeating: 0, count: count * stride)
        queries = []
        queries.reserveCapacity(count)
        for index in 0..<count {
            var query = ck_query()
            query.alpha = alphas[index]
            unsafe rotated.withUnsafeBufferPointer { rotated in
                unsafe codes.withUnsafeMutableBufferPointer { codes in
                    guard let from = rotated.baseAddress, let to = codes.baseAddress else { return }
                    unsafe ck_encode_query(
                        from + index * dimension, layout.parts.leading, dimension - layout.parts.leading,
                        layout.parts, steps, to + index * stride, &query)
                }
            }
            bounds.complete(&query, vector: values.extracting(index * dimension..<(index + 1) * dimension))
            queries.append(query)
        }
    }

    /// Calls `body` with pointers to a query and its codes.
    func withPointers(from first: Int, _ body: (UnsafePointer<ck_query>, UnsafePointer<Int8>) -> Void) {
        unsafe queries.withUnsafeBufferPointer { queries in
            unsafe codes.withUnsafeBufferPointer { codes in
                guard let q = queries.baseAddress, let c = codes.baseAddress else { return }
                unsafe body(q + first, c + first * stride)
            }
        }
    }
}

/// Completes the numbers that bound the products of a query.
private struct QueryBounds {
    let basis: CodeBasis
    /// The role of the query.
    let role: CodeBasis.Role
    /// The length of the centre of the query's role, and of that of the rows.
    private let centerNorm: Double
    private let otherCenterNorm: Double
    /// The largest error of a float product, added up in any order, relative to the product of the lengths (Higham,
    /// Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
    private let rounding: Double
    /// At least what products that are too small for a normal float lose, in a score and in its bounds.
    private static let underflow = 0x1p-117

    init(basis: CodeBasis, role: CodeBasis.Role) {
        self.basis = basis
        self.role = role
        centerNorm = Kernels.norm(basis.center(role).span)
        otherCenterNorm = Kernels.norm(basis.center(role.other).span)
        rounding = Double(basis.dimension + 16) * 0x1p-24 * 1.01
    }

    /// Sets the offset and the slack, and adds the rounding errors to the residuals: those of the rotation, of the
    /// exact product and of the offsets; docs/search.md derives them.
    ///
    /// - Parameter vector: the query.
    func complete(_ query: inout ck_query, vector: Span<Float>) {
        let norm = Kernels.norm(vector)
        let length = 1.001 * Double(query.leading_norm + query.rest_norm)
        let rotated = basis.rotation.errorBound(length: length + Double(query.leading_residual + query.rest_residual))
        let products = rounding * norm + 0x1p-36 * centerNorm
        let added = Float((rotated + products) * 1.00001)
        query.leading_residual = (query.leading_residual + added) * 1.00001
        query.rest_residual = (query.rest_residual + added) * 1.00001
        query.offset = Float(Kernels.doubleProduct(vector, basis.center(role.other).span))
        let offsets = 0x1p-36 * centerNorm * otherCenterNorm
        query.slack = Float((rounding * norm * otherCenterNorm + offsets + Self.underflow) * 1.00001)
    }
}
