import IncrementalBias
import ShardFormats
import Testing

/// Searches that ask for a recall below 1.
struct ApproximateSearchTests {
    @Test(arguments: [0, 0.4, 0.75] as [Float]) func theRecallOfOtherQueriesIsTheTarget(alpha: Float) throws {
        var setting = try RecallSetting()
        try setting.fixture.corpus.calibrateRecall(alpha: alpha)
        let queries = setting.vectors(300)
        var rescored: [Int] = []
        for target in [0.9, 0.95, 0.99] {
            let (accuracy, found, exact) = try setting.search(queries, alpha: alpha, recall: target)
            #expect(accuracy.target == target && accuracy.exactReason == nil)
            #expect(accuracy.scannedRows == queries.count * RecallSetting.images)
            rescored.append(try #require(accuracy.rescoredRows))
            #expect(setting.recall(found, of: exact) >= target - 0.01)
            #expect(found.allSatisfy { $0.count == 10 })
            // Every hit has the numbers of the exact answer, in the same order.
            for (found, exact) in zip(found, exact) {
                let known = Dictionary(uniqueKeysWithValues: exact.map { ($0.id, $0) })
                #expect(found.allSatisfy { known[$0.id] == nil || known[$0.id] == $0 })
                #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score })
            }
        }
        #expect(rescored == rescored.sorted() && rescored[0] < queries.count * RecallSetting.images / 16)
    }

    @Test func deletedImagesAreNeverFound() throws {
        var setting = try RecallSetting()
        try setting.fixture.ingest([
            setting.fixture.deletion("d", (0..<600).map { "\($0)" })
        ])
        try setting.fixture.corpus.calibrateRecall(alpha: 0.5)
        let (accuracy, found, exact) = try setting.search(setting.vectors(100), alpha: 0.5, recall: 0.95)
        #expect(accuracy.exactReason == nil)
        #expect(found.joined().allSatisfy { (Int($0.id) ?? 0) >= 600 })
        #expect(setting.recall(found, of: exact) >= 0.93)
    }

    @Test func searchesThatCannotBeApproximateAreExact() throws {
        var setting = try RecallSetting()
        let queries = setting.vectors(3)
        func reason(_ topK: Int, alpha: Float) throws -> SearchAccuracy.ExactReason? {
            let (accuracy, found, exact) = try setting.search(queries, alpha: alpha, topK: topK, recall: 0.95)
            #expect(found == exact && accuracy.rescoredRows == nil && accuracy.calibration == nil)
            return accuracy.exactReason
        }
        #expect(try reason(10, alpha: 1) == .uncalibrated)
        try setting.fixture.corpus.calibrateRecall(alpha: 1)
        #expect(try reason(101, alpha: 1) == .largeTopK)
        #expect(try reason(10, alpha: 1.5) == .uncalibrated)
        // With a quarter more images, the calibration no longer holds.
        try setting.add(.images, RecallSetting.images..<RecallSetting.images * 5 / 4)
        #expect(try reason(10, alpha: 1) == .uncalibrated)
        // So high a recall needs more rows than a calibration looks at.
        try setting.fixture.corpus.calibrateRecall(alpha: 1)
        let (accuracy, _, _) = try setting.search(queries, alpha: 1, recall: 0.999999)
        #expect(accuracy.exactReason == .manyCandidates)
        try setting.fixture.ingest([
            setting.fixture.deletion("d", (0..<RecallSetting.images * 5 / 4 - 999).map { "\($0)" })
        ])
        #expect(try reason(10, alpha: 1) == .fewImages)
    }

    @Test func aCalibrationNamesItsGeneration() throws {
        var setting = try RecallSetting()
        let calibration = try #require(try setting.fixture.corpus.calibrateRecall(alpha: 0.25))
        #expect(calibration.alpha == 0.25 && calibration.queries == RecallSetting.references)
        #expect(try calibration.generation == setting.fixture.corpus.state().generation)
        // A small change leaves it in use.
        try setting.add(.images, RecallSetting.images..<RecallSetting.images + 1)
        let (accuracy, _, _) = try setting.search(setting.vectors(1), alpha: 0.25, recall: 0.9)
        #expect(accuracy.calibration == calibration.generation)
        #expect(try setting.fixture.corpus.state().generation > calibration.generation)
    }

    @Test func withoutReferencesThereIsNoCalibration() throws {
        let fixture = try CorpusFixture(recallLimits: RecallLimits(minimumImages: 10))
        let ids = (0..<200).map { "\($0)" }
        try fixture.ingest([try fixture.shard("i", ids, ids.map { [Float($0) ?? 0, 1] })])
        #expect(try fixture.corpus.calibrateRecall(alpha: 1) == nil)
        let batch = try SearchBatch(queries: [[1, 1]], topK: 3, alpha: 1, recall: 0.9)
        #expect(try fixture.corpus.search([batch]).accuracies[0]?.exactReason == .uncalibrated)
    }

    @Test func aBatchCanSetTheNumberOfRows() throws {
        var setting = try RecallSetting()
        let queries = setting.vectors(20)
        func search(_ rescore: Int, topK: Int = 10) throws -> (accuracy: SearchAccuracy, hits: [[SearchHit]]) {
            let batch = try SearchBatch(queries: queries, topK: topK, alpha: 0.3, recall: 0.9, rescore: rescore)
            let found = try setting.fixture.corpus.search([batch])
            return (try #require(found.accuracies[0]), try found.results[0].get())
        }
        let exact = try setting.search(queries, alpha: 0.3, recall: 0.9).exact
        var recalls: [Double] = []
        for rescore in [10, 100, RecallSetting.images - 1] {
            let (accuracy, hits) = try search(rescore)
            #expect(accuracy.method == .approximate(calibration: nil, candidates: rescore, probes: nil))
            #expect(accuracy.rescoredRows == 20 * rescore)
            recalls.append(setting.recall(hits, of: exact))
        }
        #expect(recalls == recalls.sorted() && recalls[0] < 0.8 && recalls[1] > 0.9 && recalls[2] == 1)
        #expect(try search(200, topK: 150).hits.allSatisfy { $0.count == 150 })
        #expect(try search(RecallSetting.images).accuracy.exactReason == .fewImages)
        #expect(try setting.fixture.corpus.measureRecall().queries == 0)
    }

    /// Calibrations use given references and those that were sampled from queries, and the harder ones decide.
    @Test(arguments: [RecallSetting.Kind.usual, .hard]) func sampledReferencesAreCalibratedSeparately(
        kind: RecallSetting.Kind
    ) throws {
        var setting = try RecallSetting()
        let queries = setting.vectors(100)
        func rows() throws -> Int {
            try setting.fixture.corpus.calibrateRecall(alpha: 0.5)
            return try #require(try setting.search(queries, alpha: 0.5, recall: 0.9).accuracy.rescoredRows)
        }
        let before = try rows()
        let sampled = setting.vectors(200, kind)
        try setting.add(.references, "nnnd-sampled-queries.npz", sampled.indices.map { "s\($0)" }, sampled)
        #expect(try setting.fixture.corpus.referenceCounts() == ReferenceCounts(given: 400, sampled: 200))
        let after = try rows()
        let calibration = try #require(setting.fixture.corpus.recallReport.calibrations.first)
        #expect(calibration.queries == 600)
        #expect(kind == .hard ? after > before * 3 / 2 : after < before * 3 / 2)
    }
}
