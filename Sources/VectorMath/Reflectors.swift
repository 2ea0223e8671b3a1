/// Householder reflectors: vectors v, each of which stands for the map x -> x - 2 (v.x / v.v) v.
///
/// Such a map is orthogonal for every v that isn't zero, so that the rounding of v to floats does no harm.
enum Reflectors {
    /// The range of v.v.
    ///
    /// The exact value is 2; the rounding to floats changes it a little.
    static let squaredLengths = 1.99...2.01

    /// Makes reflectors that map directions to the first components: direction k to the components up to k.
    ///
    /// This is the QR decomposition by Householder reflectors (Golub and Van Loan, Matrix Computations, section 5.2).
    ///
    /// - Parameters:
    ///   - directions: vectors of `dimension` components. One that is not finite, or that depends on those before it,
    ///     is ignored; any other direction takes its place.
    ///   - count: the number of reflectors.
    /// - Returns: the reflectors, count x dimension.
    static func mapping(_ directions: [Float], dimension: Int, count: Int) -> [Float] {
        var reflectors: [Float] = []
        reflectors.reserveCapacity(count * dimension)
        for index in 0..<count {
            let start = index * dimension
            var reflector: [Double]?
            if start + dimension <= directions.count {
                var direction = directions[start..<start + dimension].map(Double.init)
                let length = norm(direction[...])
                if length > 0, length.isFinite {
                    for other in 0..<index {
                        reflect(&direction, by: reflectors[other * dimension..<(other + 1) * dimension])
                    }
                    reflector = mapping(direction, to: index, minimum: 1e-5 * length)
                }
            }
            reflectors += (reflector ?? unit(index, dimension)).map(Float.init)
        }
        return reflectors
    }

    /// Applies a reflector to a vector.
    static func reflect(_ vector: inout [Double], by reflector: ArraySlice<Float>) {
        var product = 0.0
        var squares = 0.0
        for (value, component) in zip(vector, reflector) {
            product += value * Double(component)
            squares += Double(component) * Double(component)
        }
        let weight = 2 * product / squares
        for (index, component) in reflector.enumerated() { vector[index] -= weight * Double(component) }
    }

    /// The squared length of a reflector.
    static func squaredLength(_ reflector: ArraySlice<Float>) -> Double {
        reflector.reduce(0) { $0 + Double($1) * Double($1) }
    }

    /// The reflector that maps the components of a vector from `index` on to component `index`, and keeps those before.
    ///
    /// - Returns: the reflector; `nil` if these components are together not longer than `minimum`.
    private static func mapping(_ vector: [Double], to index: Int, minimum: Double) -> [Double]? {
        let length = norm(vector[index...])
        guard length > minimum else { return nil }
        var reflector = vector.enumerated().map { $0.offset < index ? 0 : $0.element / length }
        reflector[index] += reflector[index] < 0 ? -1 : 1
        let factor = 2.0.squareRoot() / norm(reflector[...])
        return reflector.map { $0 * factor }
    }

    /// The reflector that changes the sign of one component.
    private static func unit(_ index: Int, _ dimension: Int) -> [Double] {
        (0..<dimension).map { $0 == index ? 2.0.squareRoot() : 0 }
    }

    private static func norm(_ vector: ArraySlice<Double>) -> Double {
        vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
}
