import IncrementalBias
import ShardFormats
import Testing

/// Approximate searches that read few cells.
struct CellTests {
    private static let limits = CellLimits(minimumImages: 1000, imagesPerStep: 700, bytesPerStep: 100_000)

    /// A corpus whose cells are ready.
    private static func makeSetting() throws -> RecallSetting {
        let setting = try RecallSetting(cellLimits: limits)
        #expect(try setting.fixture.corpus.cellStatus() == nil)
        #expect(try setting.fixture.corpus.improveCells() == nil)
        try setting.fixture.corpus.trainCells()
        let changes = try setting.fixture.improveCells()
        #expect(changes.first == .trained(cells: 252) && changes.contains(.ready(cells: 252)))
        return setting
    }

    @Test(arguments: [0, 0.75] as [Float]) func theRecallOfOtherQueriesIsTheTarget(alpha: Float) throws {
        var setting = try Self.makeSetting()
        try setting.fixture.corpus.calibrateRecall(alpha: alpha)
        let queries = setting.vectors(300)
        for target in [0.8, 0.9, 0.95] {
            let (accuracy, found, exact) = try setting.search(queries, alpha: alpha, recall: target)
            #expect(accuracy.exactReason == nil)
            #expect(setting.recall(found, of: exact) >= target - 0.01)
            for (found, exact) in zip(found, exact) {
                let known = Dictionary(uniqueKeysWithValues: exact.map { ($0.id, $0) })
                #expect(found.allSatisfy { known[$0.id] == nil || known[$0.id] == $0 })
                #expect(Set(found.map(\.id)).count == 10)
            }
        }
    }

    @Test func fewCellsHoldMostOfTheBestImages() throws {
        var setting = try Self.makeSetting()
        let queries = setting.vectors(100)
        func recall(_ probes: Int) throws -> (recall: Double, scanned: Int) {
            let batch = try SearchBatch(
                queries: queries, topK: 10, alpha: 0.5, recall: 0.9, rescore: 500, probes: probes)
            let found = try setting.fixture.corpus.search([batch, SearchBatch(queries: queries, topK: 10, alpha: 0.5)])
            let accuracy = try #require(found.accuracies[0])
            #expect(accuracy.probedCells == queries.count * probes)
            return (setting.recall(try found.results[0].get(), of: try found.results[1].get()), accuracy.scannedRows)
        }
        let (few, many, all) = (try recall(16), try recall(64), try recall(252))
        #expect(few.recall > 0.5 && many.recall > 0.85 && all.recall == 1)
        #expect(few.scanned < many.scanned && many.scanned < queries.count * RecallSetting.images)
        // Each image stands in two cells.
        #expect(all.scanned == 2 * queries.count * RecallSetting.images)
    }

    /// The queries of a batch that read the same cell share it.
    @Test func aBatchFindsWhatItsQueriesFindAlone() throws {
        var setting = try Self.makeSetting()
        let queries = setting.vectors(120)
        func search(_ queries: [[Float]]) throws -> [[SearchHit]] {
            let batch = try SearchBatch(
                queries: queries, topK: 10, alpha: 0.5, recall: 0.9, rescore: 40, probes: 20)
            return try setting.fixture.corpus.search([batch]).results[0].get()
        }
        #expect(try search(queries) == queries.flatMap { try search([$0]) })
    }

    @Test func newImagesAreFoundBeforeTheyAreInACell() throws {
        var setting = try Self.makeSetting()
        let corpus = setting.fixture.corpus
        try setting.add(.images, RecallSetting.images..<RecallSetting.images + 300)
        #expect(try corpus.cellStatus()?.unassigned == 300)
        let last = setting.vectors(1)[0].map { $0 * 3 }
        try setting.add(.images, "last", ["last"], [last])
        let batch = try SearchBatch(queries: [last], topK: 1, alpha: 0, recall: 0.9, rescore: 10, probes: 1)
        #expect(try corpus.search([batch]).results[0].get()[0].map(\.id) == ["last"])
        let changes = try setting.fixture.improveCells()
        #expect(changes.contains { if case .assigned = $0 { true } else { false } })
        #expect(try corpus.cellStatus()?.unassigned == 0)
        #expect(try corpus.search([batch]).results[0].get()[0].map(\.id) == ["last"])
    }

    @Test func cellsThatHaveGrownAreSplit() throws {
        let setting = try Self.makeSetting()
        // Near one vector, so that all would stand in the same cells.
        var random = RandomSource(seed: 9)
        let vectors = (0..<1500).map { _ in
            (0..<RecallSetting.dimension).map { Float($0 % 3) + Float.random(in: -0.3...0.3, using: &random) }
        }
        try setting.add(.images, "near", vectors.indices.map { "near\($0)" }, vectors)
        let changes = try setting.fixture.improveCells()
        #expect(changes.contains { if case .split = $0 { true } else { false } })
        let status = try #require(try setting.fixture.corpus.cellStatus())
        #expect(status.cells > 252 && status.unassigned == 0)
        #expect(try setting.fixture.corpus.verify(sample: 500).wrongCount == 0)
    }

    @Test func imagesThatAreAllEqualAreNotSplitForever() throws {
        let setting = try Self.makeSetting()
        let vector = [Float](repeating: 0.5, count: RecallSetting.dimension)
        try setting.add(.images, "equal", (0..<1500).map { "equal\($0)" }, Array(repeating: vector, count: 1500))
        _ = try setting.fixture.improveCells()
        #expect(try setting.fixture.corpus.cellStatus()?.unassigned == 0)
    }

    @Test func withFewImagesLeftTheCellsAreRemoved() throws {
        let setting = try Self.makeSetting()
        try setting.fixture.ingest([setting.fixture.deletion("d", (0..<RecallSetting.images - 400).map { "\($0)" })])
        #expect(try setting.fixture.improveCells() == [.removed])
        #expect(try setting.fixture.corpus.cellStatus() == nil)
    }

    @Test func listsOfDeletedImagesBecomeShorter() throws {
        let setting = try Self.makeSetting()
        try setting.fixture.ingest([setting.fixture.deletion("d", (0..<2000).map { "\($0)" })])
        #expect(try setting.fixture.improveCells().last == .ready(cells: 252))
        #expect(try setting.fixture.corpus.verify(sample: 500).wrongCount == 0)
    }

    @Test func whereManyImagesAreDeletedNoCellIsSplit() throws {
        let limits = CellLimits(minimumImages: 20, growth: 1000, minimumSplit: 4)
        let setting = try RecallSetting(cellLimits: limits)
        #expect(try setting.fixture.corpus.improveCells() == nil)
        try setting.fixture.corpus.trainCells()
        _ = try setting.fixture.improveCells()
        let cells = try #require(try setting.fixture.corpus.cellStatus()).cells
        // 100 images may have 80 cells.
        try setting.fixture.ingest([setting.fixture.deletion("d", (0..<RecallSetting.images - 100).map { "\($0)" })])
        let changes = try setting.fixture.improveCells()
        #expect(!changes.contains { if case .split = $0 { true } else { false } })
        #expect(try setting.fixture.corpus.cellStatus()?.cells == cells)
        #expect(try setting.fixture.corpus.verify(sample: 100).wrongCount == 0)
    }

    @Test func codesThatAreMadeAnewReachTheLists() throws {
        var setting = try Self.makeSetting()
        let corpus = setting.fixture.corpus
        let limits = RecodeLimits(growth: 1, minimumCount: 1, bytesPerStep: 200_000)
        #expect(try corpus.recode(limits))
        let queries = setting.vectors(20)
        func recall() throws -> Double {
            let batch = try SearchBatch(queries: queries, topK: 10, alpha: 0, recall: 0.9, rescore: 500, probes: 252)
            let exact = try SearchBatch(queries: queries, topK: 10, alpha: 0)
            let found = try corpus.search([batch, exact])
            return setting.recall(try found.results[0].get(), of: try found.results[1].get())
        }
        // While blocks of codes have two bases, cells stay as they are.
        #expect(try corpus.improveCells() == nil)
        #expect(try recall() == 1)
        while try corpus.recode(RecodeLimits(growth: 1000, minimumCount: 1, bytesPerStep: 200_000)) {}
        #expect(try setting.fixture.improveCells().last == .ready(cells: 252))
        #expect(try recall() == 1)
        #expect(try corpus.verify(sample: 500).wrongCount == 0)
    }
}

extension CorpusFixture {
    /// Takes steps until the cells fit the images.
    func improveCells() throws -> [CellChange] {
        var changes: [CellChange] = []
        while let change = try corpus.improveCells() { changes.append(change) }
        return changes
    }
}
