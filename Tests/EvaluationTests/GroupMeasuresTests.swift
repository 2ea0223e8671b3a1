import Evaluation
import Foundation
import Testing

/// Rankings of images with labels, such as the gender of the person shown: a ranking has each image's label.
///
/// Bias here is the difference of the shares of two labels among the first images.
@Suite struct GroupMeasuresTests {
    @Test func twoQueriesByHand() throws {
        let measures = GroupMeasures(rankings: [[0, 0, 1, 0], [1, 0, 0, 1]], shares: [0.5, 0.5], sizes: [2, 4])
        let bias = try measures.sizes.map { try #require($0.bias) }
        // First query: 2 of 2, then 3 of 4 images have label 0. Second query: half of the images have it.
        #expect(bias == [0.5, 0.25])
        #expect(measures.sizes.map(\.n) == [2, 4])
        // The second query has no skew.
        #expect(abs(measures.sizes[0].maxSkew - log(2.0) / 2) < 1e-12)
        #expect(abs(measures.sizes[1].maxSkew - log(1.5) / 2) < 1e-12)
    }

    @Test func divergenceOfTwoImagesByHand() {
        // The first image alone has the divergence ln 2 from equal shares, both images have none.
        let measures = GroupMeasures(rankings: [[0, 1]], shares: [0.5, 0.5], sizes: [2])
        let expected = log(2.0) / (1 + 1 / log2(3.0))
        #expect(abs(measures.ndkl - expected) < 1e-12)
    }

    /// The example in the README of the Python package reranking 0.3.6, which prints 0.412 before and 0.172 after its
    /// change of the order.
    @Test func theExampleOfThePackageReranking() {
        let before = [0, 0, 0, 1, 0, 0, 0, 1, 1, 0]
        let after = [0, 3, 1, 7, 2, 8, 4, 5, 6, 9].map { before[$0] }
        let measures = [before, after].map { GroupMeasures(rankings: [$0], shares: [0.5, 0.5], sizes: [10]) }
        #expect(abs(measures[0].ndkl - 0.412) < 0.0005)
        #expect(abs(measures[1].ndkl - 0.172) < 0.0005)
        // The greatest skew that the package computes for the same distributions.
        for measure in measures { #expect(abs(measure.sizes[0].maxSkew - 0.336472236620213) < 1e-9) }
    }

    /// The skew tests of LinkedIn's LiFT (DivergenceUtilsTest).
    ///
    /// They expect the greatest skews ln 25 and ln(25 x 34 / 32). LiFT adds one to each count; here the added ones are
    /// part of the counts.
    @Test(arguments: [
        (first: [25, 13, 5, 1], all: [1, 11, 6, 26], expected: log(25.0)),
        (first: [25, 5, 1, 1], all: [1, 1, 21, 11], expected: log(25.0 * 34 / 32)),
    ])
    func theExamplesOfLiFT(first: [Int], all: [Int], expected: Double) {
        let ranking = first.indices.flatMap { Array(repeating: $0, count: first[$0]) }
        let total = Double(all.reduce(0, +))
        let measures = GroupMeasures(
            rankings: [ranking], shares: all.map { Double($0) / total }, sizes: [ranking.count])
        #expect(abs(measures.sizes[0].maxSkew - expected) < 1e-12)
    }

    @Test func theBiasIsUndefinedForThreeLabels() {
        let measures = GroupMeasures(rankings: [[2, 2]], shares: [0.25, 0.5, 0.25], sizes: [1])
        #expect(measures.sizes[0].bias == nil)
        #expect(abs(measures.sizes[0].maxSkew - log(4.0)) < 1e-12)
        #expect(abs(measures.ndkl - log(4.0)) < 1e-12)
    }

    @Test func aRankingShorterThanNIsMeasuredAsAWhole() throws {
        let measures = GroupMeasures(rankings: [[0, 1, 1]], shares: [0.5, 0.5], sizes: [10])
        let bias = try #require(measures.sizes[0].bias)
        #expect(abs(bias + 1 / 3.0) < 1e-12)
        #expect(abs(measures.sizes[0].maxSkew - log(4.0 / 3)) < 1e-12)
    }

    @Test func emptyInputGivesZeros() {
        for rankings in [[], [[]]] as [[[Int]]] {
            let measures = GroupMeasures(rankings: rankings, shares: [0.5, 0.5], sizes: [6])
            #expect([measures.sizes[0].bias, measures.sizes[0].maxSkew, measures.ndkl] == [0, 0, 0])
        }
        #expect(GroupMeasures(rankings: [[0]], shares: [1], sizes: []).ndkl == 0)
    }
}
