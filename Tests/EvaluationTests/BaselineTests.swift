import Evaluation
import Foundation
import Testing

@Suite struct BaselineTests {
    /// ln(sum of exp(beta x similarity)), computed as it is written.
    func expected(_ similarities: [Double], beta: Double, weight: Double = 1) -> Double {
        let terms = similarities.map { weight * exp(beta * $0) }
        return log(terms.reduce(0, +))
    }

    @Test func sumsOfExponentialsByDefinition() {
        let similarities: [Float] = [0.5, -0.25, 0.125, 0.75]
        var sums = SimilaritySums()
        sums.add(similarities.span)
        for (beta, logarithm) in zip(SimilaritySums.betas, sums.logarithms) {
            #expect(abs(logarithm - expected(similarities.map(Double.init), beta: beta)) < 1e-12)
        }
    }

    @Test func piecesInAnyOrderGiveTheSameSums() {
        let pieces: [[Float]] = [[0.1, 0.2], [], [0.9], [-0.5, 0.3]]
        var (forward, backward) = (SimilaritySums(), SimilaritySums())
        for piece in pieces { forward.add(piece.span) }
        for piece in pieces.reversed() { backward.add(piece.span) }
        let all = pieces.flatMap { $0 }.map(Double.init)
        for (index, beta) in SimilaritySums.betas.enumerated() {
            let logarithm = expected(all, beta: beta)
            #expect(abs(forward.logarithms[index] - logarithm) < 1e-12)
            #expect(abs(backward.logarithms[index] - logarithm) < 1e-12)
        }
    }

    @Test func longVectorsDoNotOverflow() {
        // exp(80 x 10,000) and exp(-80 x 10,000) are no numbers of 64 bits.
        for similarity in [10_000, -10_000] as [Float] {
            var sums = SimilaritySums()
            sums.add([similarity].span)
            sums.add([similarity].span)
            for (beta, logarithm) in zip(SimilaritySums.betas, sums.logarithms) {
                #expect(abs(logarithm - (beta * Double(similarity) + log(2.0))) < 1e-9)
            }
        }
        var sums = SimilaritySums()
        sums.add(([-10_000, 10_000] as [Float]).span)
        #expect(sums.logarithms[0] == SimilaritySums.betas[0] * 10_000)
    }

    @Test func aWeightCountsASimilaritySeveralTimes() {
        var (weighted, repeated) = (SimilaritySums(), SimilaritySums())
        weighted.add(([0.25, 0.5] as [Float]).span, weight: 3)
        for _ in 0..<3 { repeated.add(([0.25, 0.5] as [Float]).span) }
        for (one, other) in zip(weighted.logarithms, repeated.logarithms) { #expect(abs(one - other) < 1e-12) }
    }

    @Test func noSimilaritiesGiveZeros() {
        #expect(SimilaritySums().logarithms == SimilaritySums.betas.map { _ in 0 })
    }

    @Test func biasesFollowTheFormulas() throws {
        let variants = BaselineVariants(ks: [1, 2])
        let similarities: [Float] = [0.5, 0.25]
        let images: [Float] = [1, 0.125]
        var (references, gallery) = (SimilaritySums(), SimilaritySums())
        references.add(similarities.span)
        gallery.add(images.span)
        let biases = variants.biases(
            of: ImageSums(
                meanProduct: 0.375, means: [0.5, 0.375], references: references.logarithms,
                images: gallery.logarithms))
        #expect(biases.count == variants.variants.count)
        func bias(_ method: BaselineMethod, _ parameters: [String: Double]) throws -> Double {
            let variant = BaselineVariants.Variant(method: method, parameters: parameters)
            return Double(biases[try #require(variants.variants.firstIndex(of: variant))])
        }
        #expect(try bias(.distributionNormalization, ["lambda": 0.5]) == 0.1875)
        #expect(try bias(.csls, ["k": 2]) == 0.1875)
        let overReferences = log(exp(10) + exp(5.0))
        #expect(try abs(bias(.invertedSoftmax, ["beta": 20]) - overReferences / 20) < 1e-6)
        let overImages = log(exp(40) + exp(5.0))
        let dual = (overReferences + overImages) / 60
        #expect(try abs(bias(.dualInvertedSoftmax, ["beta1": 20, "beta2": 40]) - dual) < 1e-6)
    }

    @Test func namesAreThoseOfTheAPI() {
        #expect(
            BaselineMethod.allCases.map(\.rawValue) == [
                "distribution_normalization", "csls", "inverted_softmax", "dynamic_inverted_softmax",
                "dual_inverted_softmax",
            ])
    }

    @Test func dynamicInvertedSoftmaxChoosesForEachQuery() {
        let ranks = BaselineMethod.ranks(
            invertedSoftmax: [1, 2, 3], none: [4, 5, 6], firstIsActive: [true, false, true])
        #expect(ranks == [1, 5, 3])
        #expect(BaselineMethod.ranks(invertedSoftmax: [], none: [], firstIsActive: []) == [])
    }

    @Test func theMeanOfVectors() {
        var mean = MeanVector(dimension: 2)
        #expect(mean.value == [0, 0])
        mean.add(([1, 2] as [Float]).span)
        mean.add(([2, 4] as [Float]).span)
        #expect(mean.value == [1.5, 3])
    }
}
