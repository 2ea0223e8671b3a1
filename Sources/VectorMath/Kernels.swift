internal import CKernels

/// Arithmetic on vectors, compiled for several instruction sets.
///
/// The functions run with the best instruction set that the CPU has; see ``level``.
package enum Kernels {
    /// The instruction sets that the functions are compiled for, the slowest first.
    package enum Level: String, CaseIterable, Sendable {
        case portable
        case avx2
        case avx512
        case avx512vnni

        fileprivate var code: ck_level {
            switch self {
            case .portable: ck_level_portable
            case .avx2: ck_level_avx2
            case .avx512: ck_level_avx512
            case .avx512vnni: ck_level_avx512vnni
            }
        }
    }

    /// The instruction set in use.
    package static var level: Level {
        let current = ck_current_level()
        return Level.allCases.first { $0.code == current } ?? .portable
    }

    /// Uses no better instruction set than `level` in all later calls.
    ///
    /// For tests and measurements only. No other thread may use the functions of this type meanwhile.
    package static func limit(to level: Level) {
        ck_limit_level(level.code)
    }

    /// Computes the inner product of every row with every query.
    ///
    /// With the same instruction set, the product of a pair is the same float in every call, whatever other vectors the
    /// call has. Equal vectors therefore have equal products.
    ///
    /// - Parameters:
    ///   - matrix: rows x dimension.
    ///   - queries: queries x dimension.
    ///   - out: receives the products, queries x rows.
    package static func products(
        _ matrix: Span<Float>, _ queries: Span<Float>, dimension: Int, into out: inout [Float]
    ) {
        let rows = matrix.count / dimension
        let queryCount = queries.count / dimension
        precondition(out.count >= rows * queryCount)
        unsafe matrix.withUnsafeBufferPointer { matrix in
            unsafe queries.withUnsafeBufferPointer { queries in
                unsafe out.withUnsafeMutableBufferPointer { out in
                    guard let m = matrix.baseAddress, let q = queries.baseAddress, let o = out.baseAddress else {
                        return
                    }
                    unsafe ck_products(m, rows, dimension, q, queryCount, o)
                }
            }
        }
    }

    /// Computes the inner products of one vector with some of the queries.
    ///
    /// The products are the floats that ``products(_:_:dimension:into:)`` gives.
    ///
    /// - Parameters:
    ///   - queries: queries x dimension.
    ///   - vector: a vector of the same dimension.
    ///   - positions: chooses the queries: position p stands for the query p / positionsPerQuery.
    ///   - out: receives positions.count products.
    static func gatheredProducts(
        _ queries: [Float], _ vector: Span<Float>, positions: ArraySlice<UInt32>, positionsPerQuery: Int,
        into out: inout [Float]
    ) {
        precondition(positions.count <= out.count)
        unsafe queries.withUnsafeBufferPointer { queries in
            unsafe positions.withUnsafeBufferPointer { positions in
                unsafe vector.withUnsafeBufferPointer { vector in
                    guard let q = queries.baseAddress, let v = vector.baseAddress, let p = positions.baseAddress else {
                        return
                    }
                    unsafe ck_gathered_products(
                        q, vector.count, v, p, positions.count, UInt32(positionsPerQuery), &out)
                }
            }
        }
    }

    /// Prefetches a vector into the cache.
    package static func prefetch(_ vector: Span<Float>) {
        unsafe vector.withUnsafeBufferPointer { values in
            guard let v = values.baseAddress else { return }
            unsafe ck_prefetch(v, values.count)
        }
    }

    /// The inner product of two vectors, the float that ``products(_:_:dimension:into:)`` gives.
    package static func product(_ a: Span<Float>, _ b: Span<Float>) -> Float {
        precondition(a.count == b.count)
        return unsafe a.withUnsafeBufferPointer { a in
            unsafe b.withUnsafeBufferPointer { b in
                guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
                var product: Float = 0
                unsafe ck_products(x, 1, a.count, y, 1, &product)
                return product
            }
        }
    }

    /// The inner product of two vectors in double precision.
    static func doubleProduct(_ a: Span<Float>, _ b: Span<Float>) -> Double {
        precondition(a.count == b.count)
        return unsafe a.withUnsafeBufferPointer { a in
            unsafe b.withUnsafeBufferPointer { b in
                guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
                return unsafe ck_double_product(x, y, a.count)
            }
        }
    }

    /// The length of a vector, in double precision; not finite if one of its components is not.
    package static func norm(_ vector: Span<Float>) -> Double {
        unsafe vector.withUnsafeBufferPointer { values in
            guard let v = values.baseAddress else { return 0 }
            return unsafe ck_sum_of_squares(v, values.count).squareRoot()
        }
    }

    /// Scales a vector, whose length is `norm`, to length 1, even if 1 / norm overflows or is subnormal.
    package static func normalise(_ vector: inout MutableSpan<Float>, norm: Double) {
        let factor = Float(1 / norm)
        guard factor.isNormal else {
            for i in vector.indices { vector[i] = Float(Double(vector[i]) / norm) }
            return
        }
        unsafe vector.withUnsafeMutableBufferPointer { values in
            guard let start = values.baseAddress else { return }
            unsafe ck_scale(start, values.count, factor, start)
        }
    }
}
