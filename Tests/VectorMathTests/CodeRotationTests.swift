import Foundation
import Testing
import VectorMath

/// Rotated vectors keep lengths and products within the proven bound, with every instruction set.
extension KernelTests {
    @Suite struct CodeRotationTests {
        static let dimensions = [1, 2, 3, 7, 16, 64, 129, 384, 512, 1000, 4096, 65_536]

        /// Vectors of different shapes and lengths, each of `dimension` components.
        private static func vectors(_ dimension: Int, _ random: inout SplitMix64) -> [[Float]] {
            func noise(_ scale: Float) -> [Float] {
                (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) * scale }
            }
            let one = noise(1)
            let unit = (0..<dimension).map { Float($0 == dimension - 1 ? 1 : 0) }
            let constant = [Float](repeating: 0.25, count: dimension)
            return [
                noise(1), noise(1), constant, one, one.map { $0 * -3 }, unit, noise(1e18), noise(1e-30),
                noise(8 * .leastNonzeroMagnitude), [Float](repeating: 0, count: dimension),
            ]
        }

        private static func length(_ vector: [Double]) -> Double {
            vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        }

        private static func product(_ a: [Double], _ b: [Double]) -> Double {
            zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        }

        private static func difference<A: BinaryFloatingPoint>(_ a: [A], _ b: [Double]) -> [Double] {
            zip(a, b).map { Double($0) - $1 }
        }

        @Test(arguments: dimensions) func everyResultIsWithinTheBoundOfTheExactOne(dimension: Int) {
            defer { Kernels.endLimit() }
            var random = SplitMix64.forTest()
            let directions = (0..<CodeRotation.leadingCount(dimension: dimension) * dimension).map { _ in
                Float.random(in: -1...1, using: &random)
            }
            let rotation = CodeRotation(dimension: dimension, directions: directions, seed: 5)
            let vectors = Self.vectors(dimension, &random)
            let values = vectors.flatMap { $0 }
            let centers = [
                [Float](repeating: 0, count: dimension),
                (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) },
            ]
            for center in centers {
                let exact = vectors.map { rotation.exact($0, center: center) }
                let lengths = vectors.map { Self.length(Self.difference($0, center.map(Double.init))) }
                for level in Kernels.Level.allCases {
                    Kernels.limit(to: level)
                    var out = [Float](repeating: .nan, count: values.count)
                    rotation.apply(values.span, center: center.span, into: &out)
                    for index in vectors.indices {
                        let result = Array(out[index * dimension..<(index + 1) * dimension])
                        let error = Self.length(Self.difference(result, exact[index]))
                        #expect(error <= rotation.errorBound(length: lengths[index]), "\(level), vector \(index)")
                    }
                }
            }
        }

        @Test(arguments: dimensions) func productsAndLengthsStayTheSame(dimension: Int) {
            var random = SplitMix64.forTest()
            let directions = (0..<CodeRotation.leadingCount(dimension: dimension) * dimension).map { _ in
                Float.random(in: -1...1, using: &random)
            }
            let rotation = CodeRotation(dimension: dimension, directions: directions, seed: 6)
            let vectors = Self.vectors(dimension, &random)
            let center = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
            let moved = vectors.map { Self.difference($0, center.map(Double.init)) }
            let exact = vectors.map { rotation.exact($0, center: center) }
            let values = vectors.flatMap { $0 }
            var out = [Float](repeating: .nan, count: values.count)
            rotation.apply(values.span, center: center.span, into: &out)
            let factor = rotation.errorFactor
            for a in vectors.indices {
                let y = out[a * dimension..<(a + 1) * dimension].map(Double.init)
                for b in 0...a {
                    let z = out[b * dimension..<(b + 1) * dimension].map(Double.init)
                    let scale = Self.length(moved[a]) * Self.length(moved[b])
                    let product = Self.product(moved[a], moved[b])
                    #expect(abs(Self.product(exact[a], exact[b]) - product) <= 1e-11 * scale, "vectors \(a), \(b)")
                    #expect(abs(Self.product(y, z) - product) <= 2.001 * factor * scale, "vectors \(a), \(b)")
                }
            }
        }

        @Test func theBoundIsNearTheRoundingOfFloats() {
            for dimension in Self.dimensions {
                let rotation = CodeRotation(dimension: dimension, directions: [], seed: 0)
                #expect(rotation.errorFactor < 1.4e-5)
                #expect(rotation.errorFactor >= 14 * 0x1p-24)
            }
        }

        @Test(arguments: Kernels.Level.allCases) func aResultIsTheSameInEveryCall(level: Kernels.Level) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            var random = SplitMix64.forTest()
            for (dimension, count) in [(5, 50), (64, 24), (130, 26), (512, 31)] {
                let values = (0..<count * dimension).map { _ in Float.random(in: -1...1, using: &random) }
                let center = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
                let rotation = CodeRotation(dimension: dimension, directions: values, seed: 1)
                var together = [Float](repeating: .nan, count: values.count)
                rotation.apply(values.span, center: center.span, into: &together)
                var alone = [Float](repeating: .nan, count: dimension)
                for row in 0..<count {
                    let range = row * dimension..<(row + 1) * dimension
                    rotation.apply(values.span.extracting(range), center: center.span, into: &alone)
                    #expect(alone == Array(together[range]), "\(level), dimension \(dimension), row \(row)")
                }
            }
        }
    }
}

/// The parts of the rotation, compared with their definitions.
@Suite struct CodeRotationPartsTests {
    private static func rotated(_ rotation: CodeRotation, _ vector: [Float]) -> [Float] {
        var out = [Float](repeating: .nan, count: vector.count)
        rotation.apply(vector.span, center: [Float](repeating: 0, count: vector.count).span, into: &out)
        return out
    }

    @Test func theNumberOfLeadingDirectionsFollowsTheDimension() {
        let counts = [1: 0, 15: 0, 16: 4, 31: 4, 32: 8, 64: 16, 127: 28, 128: 32, 129: 32, 512: 32, 65_536: 32]
        for (dimension, count) in counts {
            #expect(CodeRotation.leadingCount(dimension: dimension) == count)
            let rotation = CodeRotation(dimension: dimension, directions: [], seed: 0)
            #expect(rotation.leadingCount == count)
        }
    }

    /// Eight dimensions have no leading directions.
    ///
    /// The first output of SplitMix64 for the seed 0 is
    /// 0xe220a8397b1dcdaf, whose lowest bytes are the signs of the two transforms.
    @Test func eightDimensionsAreTransformedTwiceBySignsAndTheWalshHadamardMatrix() {
        let rotation = CodeRotation(dimension: 8, directions: [], seed: 0)
        for input in 0..<8 {
            var expected = (0..<8).map { $0 == input ? 1.0 : 0 }
            for signs in [0xaf, 0xcd] {
                let signed = expected.enumerated().map { signs >> $0.offset & 1 == 0 ? $0.element : -$0.element }
                expected = (0..<8).map { row in
                    signed.enumerated().reduce(0) { sum, item in
                        let odd = (row & item.offset).nonzeroBitCount % 2 == 1
                        return sum + (odd ? -item.element : item.element) / 8.0.squareRoot()
                    }
                }
            }
            let vector = (0..<8).map { Float($0 == input ? 1 : 0) }
            for (own, other) in zip(Self.rotated(rotation, vector), expected) {
                #expect(abs(Double(own) - other) < 1e-6)
            }
        }
    }

    @Test(arguments: [16, 130, 512]) func theFirstComponentsAreTheProductsWithTheDirections(dimension: Int) {
        var random = SplitMix64.forTest()
        let count = CodeRotation.leadingCount(dimension: dimension)
        // Columns of a Walsh-Hadamard matrix are orthogonal, here of the first components only.
        let size = dimension == 130 ? 128 : dimension
        let directions = (0..<count).flatMap { k in
            (0..<dimension).map { i -> Float in
                guard i < size else { return 0 }
                return ((k + 3) & i).nonzeroBitCount % 2 == 0 ? 1 : -1
            }
        }
        let rotation = CodeRotation(dimension: dimension, directions: directions, seed: 9)
        let vector = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
        let result = Self.rotated(rotation, vector)
        for k in 0..<count {
            let direction = directions[k * dimension..<(k + 1) * dimension]
            let product = zip(direction, vector).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(abs(product) / Double(size).squareRoot() - Double(abs(result[k]))) < 1e-4, "direction \(k)")
        }
    }

    @Test(arguments: [384, 512, 768, 1024, 1000]) func oneLargeComponentIsSpreadOverAllOthers(dimension: Int) {
        let rotation = CodeRotation(dimension: dimension, directions: [], seed: 3)
        let leading = rotation.leadingCount
        for large in [leading, leading + 40, dimension / 2, dimension - 1] {
            var vector = [Float](repeating: 0, count: dimension)
            vector[large] = 1
            let squares = Self.rotated(rotation, vector).dropFirst(leading).map { $0 * $0 }
            // The largest of 1,000 normally distributed numbers is rarely above four times their standard deviation.
            #expect((squares.max() ?? 1) < 25 / Float(dimension), "component \(large)")
            let firstHalf = squares.prefix(squares.count / 2).reduce(0, +)
            #expect(firstHalf > 0.35 && firstHalf < 0.65, "component \(large)")
        }
    }

    @Test func anotherSeedGivesAnotherRotation() {
        let vector = (0..<64).map { Float($0) }
        let results = [UInt64(1), 2, 1].map {
            Self.rotated(CodeRotation(dimension: 64, directions: [], seed: $0), vector)
        }
        #expect(results[0] == results[2])
        #expect(results[0] != results[1])
    }

    @Test func unusableDirectionsAreReplaced() {
        let dimension = 48
        let good = (0..<dimension).map { Float($0 % 5) - 2 }
        let unusable: [[Float]] = [
            [], good + good + good, [Float](repeating: 0, count: dimension * 12),
            [Float](repeating: .nan, count: dimension) + good,
            good + [Float](repeating: .infinity, count: dimension),
            good.map { $0 * 1e30 } + good.map { $0 * 1e-30 },
        ]
        for (index, directions) in unusable.enumerated() {
            let rotation = CodeRotation(dimension: dimension, directions: directions, seed: 4)
            let vector = (0..<dimension).map { Float($0) }
            let length = rotation.exact(vector, center: [Float](repeating: 0, count: dimension)).reduce(0) {
                $0 + $1 * $1
            }
            let expected = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(length - expected) < 1e-9 * expected, "directions \(index)")
        }
    }
}
