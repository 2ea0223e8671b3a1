import Testing
import VectorMath

@Suite struct ScanChoiceTests {
    /// Scans blocks of 1,000 rows whose high halves leave a share of the pairs, and returns what was multiplied.
    private func kinds(queries: Int, share: Double, blocks: Int) -> [CodedQueries.ScanKind] {
        var choice = ScanChoice(queries: queries)
        return (0..<blocks).map { _ in
            let kind = choice.next
            var counts = CodedQueries.ScanCounts()
            // Whole codes exclude more pairs than high halves.
            counts.low = Int(share * 100 * Double(queries))
            counts.high = kind == .halves ? Int(share * 1000 * Double(queries)) : counts.low
            choice.note(counts, pairs: 1000 * queries)
            return kind
        }
    }

    @Test(arguments: [1, 2]) func fewQueriesAreComparedByHalves(queries: Int) {
        #expect(kinds(queries: queries, share: 1, blocks: 200) == Array(repeating: .halves, count: 200))
        #expect(ScanChoice.kinds(queries: queries) == [.halves])
    }

    @Test(arguments: [3, 8, 100]) func wholeCodesAreMultipliedWhileHalvesExcludeFewPairs(queries: Int) {
        let kinds = kinds(queries: queries, share: 0.3, blocks: 16 + 129)
        // Halves are tried after the first 16 blocks, and again in every 128th block.
        #expect(kinds.indices.filter { kinds[$0] == .halves } == [16, 16 + 128])
        #expect(ScanChoice.kinds(queries: queries) == [.halves, .whole])
    }

    @Test(arguments: [3, 8, 100]) func halvesAreMultipliedAfterTheFirstBlocksIfTheyExcludeNearlyAllPairs(queries: Int) {
        let kinds = kinds(queries: queries, share: 0.01, blocks: 200)
        #expect(kinds == (0..<200).map { $0 < 16 ? .whole : .halves })
    }

    @Test func halvesMayLeaveMorePairsOfFewerQueries() {
        #expect(kinds(queries: 4, share: 0.15, blocks: 20).last == .halves)
        #expect(kinds(queries: 40, share: 0.15, blocks: 20).last == .whole)
    }
}
