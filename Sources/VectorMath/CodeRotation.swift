internal import CKernels

/// An orthogonal map y = R (x - c) that makes the codes of vectors finer.
///
/// A code has one scale for all components of a vector. It is coarse if a few components are much larger than the
/// others, which is so for vectors of CLIP. The first ``leadingCount`` components of y are the products (up to the
/// sign) of x - c with *leading directions*, the directions in which vectors differ most. The other components have
/// similar sizes, because signs chosen at random and Walsh-Hadamard transforms mix them.
///
/// R keeps lengths and products exactly. Only the rounding of floats changes them, by at most
/// ``errorBound(length:)``. "Rotation of vectors" in docs/search.md describes R and proves the bound.
///
/// For example, codes of images:
///
///     let leading = LeadingDirections(sample: sample.span, dimension: 512)
///     let rotation = CodeRotation(dimension: 512, directions: leading.directions, seed: 7)
///     rotation.apply(images.span, center: center.span, into: &rotated)
package struct CodeRotation: Sendable {
    /// The largest number of leading directions.
    package static let maximumLeadingCount = Int(CK_REFLECTORS_MAX)

    /// The number of components of a vector.
    package let dimension: Int
    /// Chooses the random signs.
    package let seed: UInt64
    /// The reflectors, ``leadingCount`` x ``dimension``.
    ///
    /// Their order is that of the leading directions.
    let reflectors: [Float]
    /// The tables that the kernel reads.
    let tables: RotationTables

    /// The number of leading directions of vectors: 32 or fewer, at most a quarter of the dimension, a multiple of 4.
    package static func leadingCount(dimension: Int) -> Int {
        min(maximumLeadingCount, dimension / 4 / 4 * 4)
    }

    /// The number of leading directions, which are the first components of rotated vectors.
    package var leadingCount: Int { Self.leadingCount(dimension: dimension) }

    /// Makes the rotation for some leading directions.
    ///
    /// - Parameters:
    ///   - dimension: the number of components of a vector, at least 1.
    ///   - directions: at most ``leadingCount`` vectors of `dimension` components, the most important first. They need
    ///     not be orthogonal. Other directions take the place of missing ones, and of ones that are not finite or that
    ///     depend on the others.
    ///   - seed: chooses the random signs. The same arguments give the same rotation.
    package init(dimension: Int, directions: [Float], seed: UInt64) {
        precondition(dimension > 0)
        let reflectors = Reflectors.mapping(
            directions, dimension: dimension, count: Self.leadingCount(dimension: dimension))
        self.init(dimension: dimension, reflectors: reflectors, seed: seed)
    }

    init(dimension: Int, reflectors: [Float], seed: UInt64) {
        self.dimension = dimension
        self.reflectors = reflectors
        self.seed = seed
        tables = RotationTables(
            dimension: dimension, reflectors: reflectors, count: Self.leadingCount(dimension: dimension), seed: seed)
    }

    /// Rotates vectors.
    ///
    /// With the same instruction set, a vector has the same result in every call.
    ///
    /// - Parameters:
    ///   - values: the vectors, count x dimension.
    ///   - center: the vector c, `dimension` components.
    ///   - out: receives R (x - c) for each vector x, count x dimension; the leading components first. It has at least
    ///     as many elements as `values`.
    package func apply(_ values: Span<Float>, center: Span<Float>, into out: inout [Float]) {
        precondition(values.count % dimension == 0 && center.count == dimension && out.count >= values.count)
        unsafe values.withUnsafeBufferPointer { values in
            unsafe center.withUnsafeBufferPointer { center in
                unsafe out.withUnsafeMutableBufferPointer { out in
                    guard let v = values.baseAddress, let c = center.baseAddress, let o = out.baseAddress else {
                        return
                    }
                    unsafe tables.withPointers { unsafe ck_rotate(v, values.count / dimension, $0, c, o) }
                }
            }
        }
    }

    /// The largest error of a rotated vector, relative to |x - c|.
    package var errorFactor: Double {
        let levels = Double(tables.length.trailingZeroBitCount)
        return (5 * Double(leadingCount) + 4 * (levels + 2) + 6) * 0x1p-24
    }

    /// A number that |y - R (x - c)| does not exceed, where y is what ``apply(_:center:into:)`` gives for x.
    ///
    /// The same number bounds the error of each part of y, for example of the leading components.
    ///
    /// - Parameter length: at least |x - c|, and at most 2^100.
    package func errorBound(length: Double) -> Double {
        errorFactor * length + 0x1p-126
    }
}
