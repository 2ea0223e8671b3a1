import IncrementalBias
import ShardFormats
import Testing

/// Searches that ask for a recall below 1.
struct ApproximateSearchTests {
    private static let dimension = 48
    private static let images = 4000
    private static let references = 400

    /// A corpus of random vectors, whose searches can be approximate from 1,000 images on.
    private struct Setting {
        let fixture: CorpusFixture
        private var random = RandomSource(seed: 5)

        init() throws {
            fixture = try CorpusFixture(k: 8, recallLimits: RecallLimits(minimumImages: 1000))
            try add(.images, 0..<ApproximateSearchTests.images)
            try add(.references, 0..<ApproximateSearchTests.references)
        }

        mutating func vectors(_ count: Int) -> [[Float]] {
            (0..<count).map { _ in
                (0..<ApproximateSearchTests.dimension).map {
                    Float.random(in: -1...1, using: &random) / Float(1 + $0 / 8)
                }
            }
        }

        mutating func add(_ role: VectorRole, _ numbers: Range<Int>) throws {
            let shard = try fixture.shard(
                "\(role.rawValue)\(numbers.lowerBound)", role, numbers.map { "\($0)" }, vectors(numbers.count))
            try fixture.ingest([shard])
        }

        /// Searches approximately and exactly.
        func search(
            _ queries: [[Float]], alpha: Float, topK: Int = 10, recall: Double
        ) throws -> (accuracy: SearchAccuracy, approximate: [[SearchHit]], exact: [[SearchHit]]) {
            let found = try fixture.corpus.search([
                SearchBatch(queries: queries, topK: topK, alpha: alpha, recall: recall),
                SearchBatch(queries: queries, topK: topK, alpha: alpha),
            ])
            #expect(found.accuracies[1] == nil)
            return (try #require(found.accuracies[0]), try found.results[0].get(), try found.results[1].get())
        }

        func recall(_ found: [[SearchHit]], of exact: [[SearchHit]]) -> Double {
            let right = zip(found, exact).reduce(0) { $0 + Set($1.0.map(\.id)).intersection($1.1.map(\.id)).count }
            return Double(right) / Double(exact.reduce(0) { $0 + $1.count })
        }
    }

    @Test(arguments: [0, 0.4, 0.75] as [Float]) func theRecallOfOtherQueriesIsTheTarget(alpha: Float) throws {
        var setting = try Setting()
        try setting.fixture.corpus.calibrateRecall(alpha: alpha)
        let queries = setting.vectors(300)
        var rescored: [Int] = []
        for target in [0.9, 0.95, 0.99] {
            let (accuracy, found, exact) = try setting.search(queries, alpha: alpha, recall: target)
            #expect(accuracy.target == target && accuracy.exactReason == nil)
            #expect(accuracy.scannedRows == queries.count * Self.images)
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
        #expect(rescored == rescored.sorted() && rescored[0] < queries.count * Self.images / 16)
    }

    @Test func deletedImagesAreNeverFound() throws {
        var setting = try Setting()
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
        var setting = try Setting()
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
        try setting.add(.images, Self.images..<Self.images * 5 / 4)
        #expect(try reason(10, alpha: 1) == .uncalibrated)
        // So high a recall needs more rows than a calibration looks at.
        try setting.fixture.corpus.calibrateRecall(alpha: 1)
        let (accuracy, _, _) = try setting.search(queries, alpha: 1, recall: 0.999999)
        #expect(accuracy.exactReason == .manyCandidates)
        try setting.fixture.ingest([
            setting.fixture.deletion("d", (0..<Self.images * 5 / 4 - 999).map { "\($0)" })
        ])
        #expect(try reason(10, alpha: 1) == .fewImages)
    }

    @Test func aCalibrationNamesItsGeneration() throws {
        var setting = try Setting()
        let calibration = try #require(try setting.fixture.corpus.calibrateRecall(alpha: 0.25))
        #expect(calibration.alpha == 0.25 && calibration.queries == Self.references)
        #expect(try calibration.generation == setting.fixture.corpus.state().generation)
        // A small change leaves it in use.
        try setting.add(.images, Self.images..<Self.images + 1)
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

    @Test func theRecallOfLiveQueriesIsMeasured() throws {
        var setting = try Setting()
        let corpus = setting.fixture.corpus
        try corpus.calibrateRecall(alpha: 0.5)
        var (right, total) = (0.0, 0.0)
        for _ in 0..<40 {
            // At most four queries of a request are measured.
            let (_, found, exact) = try setting.search(setting.vectors(4), alpha: 0.5, recall: 0.9)
            #expect(try corpus.measureRecall() == 4)
            right += setting.recall(found, of: exact) * 40
            total += 40
        }
        let measured = try #require(corpus.recallReport.measured.first)
        #expect(measured.target == 0.9 && measured.queries == 160)
        #expect(abs(measured.recall - right / total) < 1e-9)
        #expect(measured.low < measured.recall && measured.recall < measured.high)
        #expect(measured.high - measured.low < 0.1)
        #expect(try corpus.measureRecall() == 0)
    }

    @Test func theThreadCalibratesWhatSearchesAskFor() async throws {
        var setting = try Setting()
        let corpus = setting.fixture.corpus
        let maintenance = RecallMaintenance(corpus) { Issue.record($0) }
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
}
