import Evaluation
import Testing

/// Which queries are in the sample of live queries.
struct LiveQueriesTests {
    private static func offer(_ numbers: Range<Int>, to queries: inout LiveQueries, seed: UInt64 = 1) {
        var generator = SeededGenerator(seed: seed)
        for number in numbers {
            queries.offer(dimension: 1, { [Float(number)] }, random: { generator.below($0) })
        }
    }

    private static func numbers(_ queries: [[Float]]) -> [Int] { queries.map { Int($0[0]) } }

    @Test func theFirstQueriesAreAllInTheSample() {
        var queries = LiveQueries()
        #expect(queries.isEmpty)
        Self.offer(0..<LiveQueries.maximumCount, to: &queries)
        #expect(queries.hasNew)
        #expect(Self.numbers(queries.take(dimension: 1)) == Array(0..<LiveQueries.maximumCount))
        #expect(!queries.hasNew && !queries.isEmpty)
    }

    @Test func laterQueriesReplaceTheOldestOnes() {
        var queries = LiveQueries()
        Self.offer(0..<500, to: &queries)
        _ = queries.take(dimension: 1)
        Self.offer(1000..<1020, to: &queries)
        #expect(Self.numbers(queries.take(dimension: 1)) == Array(8..<500) + Array(1000..<1020))
    }

    @Test func manyQueriesBetweenTwoMeasurementsAreSampledEvenly() {
        var counts = [0, 0, 0, 0]
        for seed in 0..<200 as Range<UInt64> {
            var queries = LiveQueries()
            Self.offer(0..<512, to: &queries)
            _ = queries.take(dimension: 1)
            Self.offer(1000..<2000, to: &queries, seed: seed)
            let new = Self.numbers(queries.take(dimension: 1)).filter { $0 >= 1000 }
            #expect(new.count == LiveQueries.maximumNewCount && Set(new).count == new.count)
            for number in new { counts[(number - 1000) / 250] += 1 }
        }
        // 3,200 expected in each quarter; the standard deviation is 47.
        #expect(counts.allSatisfy { abs($0 - 3200) < 240 })
    }

    @Test func theSampleOfLongVectorsTakesNoMoreMemory() {
        var queries = LiveQueries()
        let dimension = 1 << 16
        for _ in 0..<100 {
            queries.offer(dimension: dimension, { Array(repeating: 0, count: dimension) }, random: { $0 - 1 })
        }
        #expect(queries.take(dimension: dimension).count * dimension * 4 == LiveQueries.maximumBytes)
    }

    @Test func queriesOfAnotherDimensionAreForgotten() {
        var queries = LiveQueries()
        Self.offer(0..<3, to: &queries)
        #expect(queries.take(dimension: 2).isEmpty)
        #expect(queries.isEmpty)
    }
}
