/// A vector in double precision, in groups of eight components for speed.
///
/// The last group is filled with zeros.
struct WideVector {
    private let parts: [SIMD8<Double>]

    init(_ numbers: [Float]) {
        parts = stride(from: 0, to: numbers.count, by: 8).map { start in
            var part = SIMD8<Double>()
            for (place, number) in numbers[start...].prefix(8).enumerated() { part[place] = Double(number) }
            return part
        }
    }

    /// The inner product of two vectors of one dimension.
    static func * (a: WideVector, b: WideVector) -> Double {
        var sums = SIMD8<Double>()
        for i in a.parts.indices { sums += a.parts[i] * b.parts[i] }
        return sums.sum()
    }
}
