import IncrementalBias
import ShardFormats
import Testing

/// Measurements of the recall of live queries, and what is learned from them.
struct RecallMeasurementTests {
    @Test func theRecallOfLiveQueriesIsMeasured() throws {
        var setting = try RecallSetting()
        let corpus = setting.fixture.corpus
        try corpus.calibrateRecall(alpha: 0.5)
        var (right, total) = (0.0, 0.0)
        for _ in 0..<40 {
            // At most four queries of a request are measured.
            let (_, found, exact) = try setting.search(setting.vectors(4), alpha: 0.5, recall: 0.9)
            #expect(try corpus.measureRecall().queries == 4)
            right += setting.recall(found, of: exact) * 40
            total += 40
        }
        let measured = try #require(corpus.recallReport.measured.first)
        #expect(measured.target == 0.9 && measured.queries == 160)
        #expect(abs(measured.recall - right / total) < 1e-9)
        #expect(measured.low < measured.recall && measured.recall < measured.high)
        #expect(measured.high - measured.low < 0.1)
        #expect(try corpus.measureRecall().queries == 0)
    }

    @Test func theThreadCalibratesWhatSearchesAskFor() async throws {
        var setting = try RecallSetting()
        let corpus = setting.fixture.corpus
        let maintenance = RecallMaintenance(corpus, adjusted: { Issue.record("\($0)") }, failed: { Issue.record($0) })
        defer { maintenance.stop() }
        let queries = setting.vectors(2)
        var accuracy: SearchAccuracy?
        while accuracy?.calibration == nil {
            accuracy = try setting.search(queries, alpha: 0.75, recall: 0.9).accuracy
        }
        #expect(corpus.recallReport.calibrations.map(\.alpha) == [0.75])
        while corpus.recallReport.measured.isEmpty { await Task.yield() }
        #expect(corpus.recallReport.measured.map(\.target) == [0.9])
    }

    /// The interval of each trial is compared with the recall of all queries that were answered in it.
    ///
    /// Of ten queries of a request, four are measured.
    @Test func theIntervalContainsTheRecallOfAllQueriesInNearlyAllTrials() throws {
        let (trials, requests, queries) = (100, 16, 10)
        var setting = try RecallSetting()
        let corpus = setting.fixture.corpus
        try corpus.calibrateRecall(alpha: 0.5)
        var contained = 0
        for trial in 0..<trials {
            // Queries with another target are measured separately.
            let target = 0.9 + Double(trial) * 1e-6
            var recall = 0.0
            for _ in 0..<requests {
                let (_, found, exact) = try setting.search(setting.vectors(queries), alpha: 0.5, recall: target)
                recall += setting.recall(found, of: exact) / Double(requests)
            }
            #expect(try corpus.measureRecall().queries == 4 * requests)
            let measured = try #require(corpus.recallReport.measured.first { $0.target == target })
            if measured.low <= recall, recall <= measured.high { contained += 1 }
            #expect(measured.low > 0.7)
        }
        #expect(contained >= 95)
    }

    /// Measures live queries until the number of rows is adjusted.
    private func adjustment(
        _ setting: inout RecallSetting, _ kind: RecallSetting.Kind
    ) throws -> RecallAdjustment? {
        for _ in 0..<300 {
            _ = try setting.search(setting.vectors(4, kind), alpha: 0.5, recall: 0.9)
            if let change = try setting.fixture.corpus.measureRecall().adjustments.first { return change }
        }
        return nil
    }

    @Test func tooLowARecallIsRepaired() throws {
        var setting = try RecallSetting()
        let corpus = setting.fixture.corpus
        try corpus.calibrateRecall(alpha: 0.5)
        let queries = setting.vectors(300, .hard)
        let before = try setting.search(queries, alpha: 0.5, recall: 0.9)
        #expect(setting.recall(before.approximate, of: before.exact) < 0.88)
        let other = try setting.search(queries, alpha: 0.5, recall: 0.8).accuracy.rescoredRows
        let change = try #require(try adjustment(&setting, .hard))
        #expect(change.isRaised && change.alpha == 0.5 && change.measured.target == 0.9)
        #expect(change.measured.high < 0.9 && change.factor > 1)
        var after = try setting.search(queries, alpha: 0.5, recall: 0.9)
        #expect(try #require(after.accuracy.rescoredRows) > (before.accuracy.rescoredRows ?? .max))
        // A few more steps may be needed.
        for _ in 0..<6 where setting.recall(after.approximate, of: after.exact) < 0.9 {
            _ = try adjustment(&setting, .hard)
            after = try setting.search(queries, alpha: 0.5, recall: 0.9)
        }
        #expect(after.accuracy.exactReason == nil)
        #expect(setting.recall(after.approximate, of: after.exact) >= 0.89)
        let raised = try #require(corpus.recallReport.raised.first)
        #expect(raised.alpha == 0.5 && raised.target == 0.9 && raised.factor >= change.factor)
        // Searches with another target stay as they are.
        #expect(try setting.search(queries, alpha: 0.5, recall: 0.8).accuracy.rescoredRows == other)
        // A later calibration keeps what was learned.
        try corpus.calibrateRecall(alpha: 0.5)
        #expect(corpus.recallReport.raised == [raised])
        // The usual queries miss so few images that fewer rows are enough again.
        let lowered = try #require(try adjustment(&setting, .usual))
        #expect(!lowered.isRaised && lowered.factor < raised.factor)
    }

    @Test func otherReferencesEndARepair() throws {
        var setting = try RecallSetting()
        let corpus = setting.fixture.corpus
        try corpus.calibrateRecall(alpha: 0.5)
        _ = try #require(try adjustment(&setting, .hard))
        let references = setting.vectors(RecallSetting.references, .hard)
        try setting.add(.references, "hard", references.indices.map { "hard\($0)" }, references)
        #expect(corpus.recallReport.raised.count == 1)
        try corpus.calibrateRecall(alpha: 0.5)
        #expect(corpus.recallReport.raised.isEmpty)
    }
}
