import Evaluation
import Testing

@Suite struct RankMeasuresTests {
    @Test func measuresOfFourRanks() {
        let measures = RankMeasures(ranks: [1, 4, 10, 20])
        #expect(measures.recallAt1 == 0.25)
        #expect(measures.recallAt5 == 0.5)
        #expect(measures.recallAt10 == 0.75)
        #expect(abs(measures.mrr - 0.35) < 1e-15)
        #expect(measures.medianRank == 7)
    }

    @Test func theMedianOfAnOddNumberIsTheMiddleRank() {
        #expect(RankMeasures(ranks: [9, 1, 3]).medianRank == 3)
    }

    @Test func limitsBelongToTheRecall() {
        let measures = RankMeasures(ranks: [1, 2, 5, 6, 10, 11, .max])
        #expect([measures.recallAt1, measures.recallAt5, measures.recallAt10] == [1, 3, 5].map { $0 / 7 })
    }

    @Test func oneQueryAndNone() {
        let one = RankMeasures(ranks: [2])
        #expect([one.recallAt1, one.recallAt5, one.mrr, one.medianRank] == [0, 1, 0.5, 2])
        let none = RankMeasures(ranks: [])
        #expect([none.recallAt1, none.recallAt5, none.recallAt10, none.mrr, none.medianRank].allSatisfy { $0 == 0 })
    }

    @Test func aTableHasARowForEachQuery() {
        let table = RankTable(queries: 2, variants: 3, ranks: [1, 2, 3, 4, 5, 6])
        #expect(table[0, 2] == 3 && table[1, 0] == 4)
        #expect(table.ranks(of: 1) == [2, 5])
        #expect(RankTable(queries: 0, variants: 3, ranks: []).ranks(of: 2) == [])
    }
}
