import Testing
import VectorMath

/// The directions in which a sample varies most.
@Suite struct LeadingDirectionsTests {
    /// Vectors that vary much in `strong` directions and little in all others, about a mean that isn't zero.
    ///
    /// The strong directions are columns of a Walsh-Hadamard matrix, and the dimension is a power of two.
    private static func sample(_ count: Int, _ dimension: Int, strong: Int) -> [Float] {
        var random = SplitMix64.forTest()
        var values: [Float] = []
        values.reserveCapacity(count * dimension)
        for _ in 0..<count {
            let weights = (0..<strong).map { Float.random(in: -1...1, using: &random) * Float(strong - $0) }
            for index in 0..<dimension {
                var value = 2 + Float.random(in: -0.05...0.05, using: &random)
                for (k, weight) in weights.enumerated() {
                    value += ((k + 5) & index).nonzeroBitCount % 2 == 0 ? weight : -weight
                }
                values.append(value)
            }
        }
        return values
    }

    private static func rotated(_ values: [Float], _ dimension: Int, _ found: LeadingDirections) -> [Float] {
        let rotation = CodeRotation(dimension: dimension, directions: found.directions, seed: 8)
        var out = [Float](repeating: .nan, count: values.count)
        let center = found.mean.map { Float($0) }
        rotation.apply(values.span, center: center.span, into: &out)
        return out
    }

    @Test(arguments: [(2000, 64), (5000, 512), (600, 1024), (300, 4096), (70, 65_536)])
    func theFirstComponentsHoldNearlyAllVariance(count: Int, dimension: Int) {
        let strong = 6
        let values = Self.sample(count, dimension, strong: strong)
        let found = LeadingDirections(sample: values.span, dimension: dimension)
        #expect(found.directions.count == CodeRotation.leadingCount(dimension: dimension) * dimension)
        let out = Self.rotated(values, dimension, found)
        var energies = [Double](repeating: 0, count: dimension)
        for (index, value) in out.enumerated() { energies[index % dimension] += Double(value) * Double(value) }
        let total = energies.reduce(0, +)
        #expect(energies.prefix(strong).reduce(0, +) > 0.998 * total)
        #expect(energies[0] > 1.2 * energies[2] && energies[2] > 1.2 * energies[5])
    }

    @Test func theMeanIsThatOfAllVectors() {
        let (count, dimension) = (10_000, 16)
        // Floats near 10^8 are 8 apart: sums in single precision would be wrong.
        let values = (0..<count * dimension).map { Float(100_000_000 + 8 * ($0 / dimension % 3)) }
        let found = LeadingDirections(sample: values.span, dimension: dimension)
        let expected = values.enumerated().filter { $0.offset % dimension == 0 }.reduce(0.0) {
            $0 + Double($1.element)
        }
        for value in found.mean { #expect(abs(value - expected / Double(count)) < 1e-6) }
    }

    @Test func degenerateSamplesGiveValidRotations() {
        let dimension = 64
        var random = SplitMix64.forTest()
        let one = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
        let samples: [[Float]] = [
            one, one + one + one, [Float](repeating: 0, count: 10 * dimension),
            (0..<100).flatMap { factor in one.map { $0 * Float(factor) } },
            (0..<5).flatMap { _ in (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) } },
            (0..<80).flatMap { _ in (0..<dimension).map { _ in Float.random(in: -1e18...1e18, using: &random) } },
            (0..<80).flatMap { _ in (0..<dimension).map { _ in Float.random(in: -1e-30...1e-30, using: &random) } },
            (0..<80).flatMap { _ in (0..<dimension).map { _ in Float.random(in: -1.5e38...1.5e38, using: &random) } },
        ]
        for (index, sample) in samples.enumerated() {
            let found = LeadingDirections(sample: sample.span, dimension: dimension)
            #expect(found.mean.allSatisfy { $0.isFinite }, "sample \(index)")
            #expect(found.directions.allSatisfy { $0.isFinite }, "sample \(index)")
            #expect(found.directions.count % dimension == 0)
            let rotation = CodeRotation(dimension: dimension, directions: found.directions, seed: 2)
            let result = rotation.exact(one, center: [Float](repeating: 0, count: dimension))
            let length = result.reduce(0) { $0 + $1 * $1 }
            let expected = one.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(length - expected) < 1e-9 * expected, "sample \(index)")
        }
    }

    @Test func aLineOfVectorsHasTheDirectionOfTheLine() {
        let dimension = 32
        let line = (0..<dimension).map { Float($0 % 7) - 3 }
        let sample = (0..<50).flatMap { factor in line.map { 1 + $0 * Float(factor) } }
        let found = LeadingDirections(sample: sample.span, dimension: dimension)
        let out = Self.rotated(sample, dimension, found)
        let leading = stride(from: 0, to: out.count, by: dimension).reduce(0.0) { $0 + Double(out[$1] * out[$1]) }
        let total = out.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(leading > 0.99999 * total)
    }

    @Test func smallDimensionsHaveNoDirections() {
        let values = (0..<100 * 15).map { Float($0 % 13) }
        let found = LeadingDirections(sample: values.span, dimension: 15)
        #expect(found.directions.isEmpty && found.mean.count == 15)
    }
}
