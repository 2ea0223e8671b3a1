import Evaluation
import Testing

@Suite struct SeededGeneratorTests {
    /// The output for this seed is widely published, for example in the task "Pseudo-random numbers/Splitmix64" of
    /// Rosetta Code.
    @Test func theOutputIsThatOfSplitMix64() {
        var generator = SeededGenerator(seed: 1_234_567)
        let output = (0..<3).map { _ in generator.next() }
        #expect(output == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    /// The numbers come from the same rules in Python with whole numbers of any size.
    @Test func wholeNumbersAndOrdersFollowTheWrittenRules() {
        var generator = SeededGenerator(seed: 0)
        #expect((0..<5).map { _ in generator.below(100) } == [88, 43, 2, 97, 10])
        generator = SeededGenerator(seed: 0)
        #expect(generator.shuffled(0..<5) == [2, 3, 0, 1, 4])
        generator = SeededGenerator(seed: 7)
        #expect(generator.shuffled(0..<10) == [9, 5, 8, 6, 1, 2, 4, 7, 0, 3])
        #expect(generator.shuffled(0..<4) == [2, 3, 0, 1])
    }

    @Test func everyOrderIsAboutEquallyLikely() {
        var generator = SeededGenerator(seed: 3)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<6000 { counts[generator.shuffled(0..<3), default: 0] += 1 }
        #expect(counts.count == 6)
        #expect(counts.values.allSatisfy { (900...1100).contains($0) })
    }

    @Test func emptyAndSingleRangesStayAsTheyAre() {
        var generator = SeededGenerator(seed: 0)
        #expect(generator.shuffled(0..<0) == [])
        #expect(generator.shuffled(4..<5) == [4])
        #expect(generator.below(1) == 0)
    }
}
