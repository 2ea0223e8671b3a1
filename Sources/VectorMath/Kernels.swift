internal import CKernels

/// The inner loops, vectorised for the instruction set of this CPU.
package enum Kernels {
    /// The instruction sets that the kernels are compiled for, in ascending order of speed.
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

    /// The level in use.
    package static var level: Level {
        let current = ck_current_level()
        return Level.allCases.first { $0.code == current } ?? .portable
    }

    /// Uses no better level than `level` from now on.
    ///
    /// For tests and measurements, before any other call.
    package static func limit(to level: Level) {
        ck_limit_level(level.code)
    }

    /// The inner product of every row with every query: out[q, r] of row r and query q.
    ///
    /// A pair has the same float whatever it is multiplied beside, so equal vectors have equal scores.
    ///
    /// - Parameters:
    ///   - matrix: rows x dimension.
    ///   - queries: queries x dimension.
    ///   - out: queries x rows.
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

    /// The inner products of a query with some rows of a matrix, as ``products(_:_:dimension:into:)`` gives them.
    ///
    /// - Parameters:
    ///   - matrix: rows x dimension.
    ///   - query: dimension numbers.
    ///   - places: positions in a table with `placesPerRow` positions for each row.
    ///   - out: receives places.count products.
    static func gatheredProducts(
        _ matrix: [Float], _ query: Span<Float>, places: ArraySlice<UInt32>, placesPerRow: Int, into out: inout [Float]
    ) {
        precondition(places.count <= out.count)
        unsafe matrix.withUnsafeBufferPointer { matrix in
            unsafe places.withUnsafeBufferPointer { places in
                unsafe query.withUnsafeBufferPointer { query in
                    guard let m = matrix.baseAddress, let q = query.baseAddress, let p = places.baseAddress else {
                        return
                    }
                    unsafe ck_gathered_products(m, query.count, q, p, places.count, UInt32(placesPerRow), &out)
                }
            }
        }
    }

    /// Prefetches a vector into the cache.
    static func prefetch(_ vector: Span<Float>) {
        unsafe vector.withUnsafeBufferPointer { values in
            guard let v = values.baseAddress else { return }
            unsafe ck_prefetch(v, values.count)
        }
    }

    /// The inner product of two vectors, as ``products(_:_:dimension:into:)`` gives it.
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

    /// The length of a vector, in double precision; not finite if a number in it isn't.
    package static func norm(_ vector: Span<Float>) -> Double {
        unsafe vector.withUnsafeBufferPointer { values in
            guard let v = values.baseAddress else { return 0 }
            return unsafe ck_sum_of_squares(v, values.count).squareRoot()
        }
    }

    /// Scales a vector of length `norm` to length 1, also where 1 / norm overflows or is subnormal.
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
