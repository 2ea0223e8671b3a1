import Foundation
import IncrementalBias
import LMDB
import ShardFormats
import Testing
import VectorMath

/// A store with a random change in one table: each operation either succeeds or reports damage.
struct DamagedTableTests {
    /// A table, and whether its keys have 8 bytes.
    private typealias Table = (name: String, hasLongKeys: Bool)

    private static let limits = {
        var limits = PendingLimits()
        (limits.pagesPerBlock, limits.entriesPerChunk, limits.runsPerMerge) = (2, 50, 3)
        limits.entriesPerPage = 60
        return limits
    }()
    private static let recodeLimits = RecodeLimits(growth: 2, minimumCount: 1, bytesPerStep: 1 << 20)
    private static let settings = RequestedSettings(metric: .innerProduct, precision: .float32, capacity: 20)
    /// The number of changes of each table.
    private static let changes = 40

    @Test(arguments: [
        ("images.heaps.pending", true), ("codes.bases", false), ("images.codes", false), ("images.signs", false),
        ("images.heaps", false), ("images.means", false), ("images.thresholds", false), ("images.changes", true),
        ("images.cells", false), ("images.cells.centroids", false), ("images.cells.pairs", false),
        ("images.cells.tail", false), ("images.cells.lists", false),
    ])
    func everyOperationSucceedsOrReportsDamage(name: String, hasLongKeys: Bool) throws {
        let seed =
            ProcessInfo.processInfo.environment["NNND_TEST_SEED"].flatMap(UInt64.init)
            ?? UInt64.random(in: 0..<1 << 32)
        FileHandle.standardError.write(Data("damaged table \(name): seed \(seed)\n".utf8))
        var random = RandomSource(seed: seed)
        let (original, cursor) = try Self.makeStore()
        for _ in 0..<Self.changes {
            let copy = try TemporaryFolder()
            try FileManager.default.copyItem(atPath: "\(original.path)/data.mdb", toPath: "\(copy.path)/data.mdb")
            try Self.change((name, hasLongKeys), in: copy, &random)
            try Self.use(copy, since: cursor, "seed \(seed)")
        }
    }

    private static let cellLimits = CellLimits(minimumImages: 100)

    /// Makes a store with 300 images, cells, pending entries, codes of two bases, and changes since the cursor.
    private static func makeStore() throws -> (TemporaryFolder, ChangeCursor) {
        let fixture = try CorpusFixture(k: 2, capacity: 20, limits: limits, cellLimits: cellLimits)
        func add(_ references: Range<Int>) throws {
            let shard = try fixture.shard(
                "r\(references).npy", .references, references.map { "r\($0)" }, references.map { [Float($0), 1] })
            try fixture.ingest([shard])
        }
        try add(0..<40)
        try fixture.ingest([try images("i", 0..<100, fixture)])
        let cursor = try fixture.corpus.presentCursor().cursor
        try fixture.ingest([try images("i", 100..<300, fixture), try images("j", 0..<3, fixture)])
        try fixture.ingest([fixture.deletion("j", ["j0", "j1", "j2"])])
        _ = try fixture.improveCells()
        try fixture.corpus.trainCells()
        #expect(try fixture.improveCells().last == .ready(cells: 69))
        try fixture.ingest([try images("i", 20..<30, fixture)])
        #expect(try fixture.corpus.recode(recodeLimits), "a second basis")
        for number in 40..<44 { try add(number..<number + 1) }
        #expect(try fixture.corpus.countPendingEntries() > 0)
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/data.mdb"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try #require(FileHandle(forWritingAtPath: path))
        try fixture.corpus.writeCopy(to: file.fileDescriptor)
        try file.close()
        return (folder, cursor)
    }

    private static func images(_ name: String, _ rows: Range<Int>, _ fixture: CorpusFixture) throws -> IncomingShard {
        try fixture.shard("\(name)\(rows).npy", rows.map { "\(name)\($0)" }, rows.map { [1, Float($0)] })
    }

    /// Changes one value of a table.
    private static func change(_ table: Table, in folder: TemporaryFolder, _ random: inout RandomSource) throws {
        let environment = try LMDB.Environment(folder: folder.path, mapSize: 1 << 30)
        let database = try environment.open(table.name, order: .integers, createIfMissing: false)
        var entries: [(key: UInt64, value: [UInt8])] = []
        try environment.read { transaction in
            try transaction.forEach(database) { key, value in
                let number = NumberView.bytes(key).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                entries.append((number, NumberView.bytes(value)))
                return true
            }
        }
        // The value of the smallest key is changed often: it is the directory of pending entries.
        let index = Bool.random(using: &random) ? 0 : entries.indices.randomElement(using: &random) ?? 0
        let (key, value) = entries[index]
        let changed = damaged(value, &random)
        try environment.write { transaction in
            guard let changed else {
                if table.hasLongKeys {
                    try transaction.remove(database, key)
                } else {
                    try transaction.remove(database, UInt32(key))
                }
                return
            }
            if table.hasLongKeys {
                try transaction.put(database, key, changed.span)
            } else {
                // A key that no row or basis should have, or the key itself.
                let other = [UInt32(key), UInt32(key), 0, .max].randomElement(using: &random) ?? 0
                try transaction.put(database, other, changed.span)
            }
        }
    }

    /// A changed value; `nil` to remove it.
    private static func damaged(_ value: [UInt8], _ random: inout RandomSource) -> [UInt8]? {
        // The space of cells of so small a dimension has no directions.
        guard !value.isEmpty else { return [1] }
        var bytes = value
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return nil
        case 1: return value.map { _ in UInt8.random(in: 0...255, using: &random) }
        case 2: return Array(value.prefix(Int.random(in: 0..<max(1, value.count), using: &random)))
        case 3: return value + [UInt8](repeating: 1, count: Int.random(in: 1...16, using: &random))
        case 4: return [UInt8](repeating: 0, count: value.count)
        case 5:
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<max(1, value.count), using: &random)] ^=
                    1 << UInt8.random(in: 0..<8, using: &random)
            }
        default:
            // A word becomes a small number, which checks of sizes alone do not find.
            let word = Int.random(in: 0..<max(1, value.count / 8), using: &random) * 8
            for index in word..<min(word + 8, value.count) { bytes[index] = 0 }
            bytes[word] = UInt8.random(in: 0..<12, using: &random)
        }
        return bytes
    }

    /// Opens a store, reads all of it, and changes it.
    private static func use(_ folder: TemporaryFolder, since cursor: ChangeCursor, _ comment: Comment) throws {
        var corpus: Corpus?
        expectDamageOnly(comment) {
            corpus = try Corpus(
                folder: folder.path, settings: settings, k: 2, threads: 2, pendingLimits: limits,
                cellLimits: cellLimits)
        }
        guard let corpus else { return }
        for row in stride(from: 0, to: 300, by: 7) {
            expectDamageOnly(comment) { _ = try corpus.explainImage("i\(row)") }
        }
        expectDamageOnly(comment) { _ = try corpus.countPendingEntries() }
        for cursor in [.start, cursor] {
            expectDamageOnly(comment) { _ = try corpus.changes(since: cursor, limit: 1000, includesVectors: true) }
        }
        expectDamageOnly(comment) {
            _ = try corpus.search([
                SearchBatch(vectors: [1, 2], count: 1, topK: 300, alpha: 1),
                SearchBatch(vectors: [1, 2], count: 1, topK: 10, alpha: 1, recall: 0.9, rescore: 50),
                SearchBatch(vectors: [1, 2], count: 1, topK: 10, alpha: 1, recall: 0.9, rescore: 50, probes: 69),
            ])
        }
        expectDamageOnly(comment) { _ = try corpus.verify(sample: nil) }
        expectDamageOnly(comment) { _ = try corpus.cellStatus() }
        for _ in 0..<6 { expectDamageOnly(comment) { _ = try corpus.improveCells() } }
        for count in [1, 3, 40] {
            expectDamageOnly(comment) {
                let ids = (0..<count).map { "new\(count)-\($0)" }
                let vectors = try corpus.prepare((0..<2 * count).map { Float($0) }, dimension: 2)
                _ = try corpus.ingest(
                    [shard("a\(count).npy", ids, .vectors(vectors))], acknowledged: [], now: Date.init)
            }
            expectDamageOnly(comment) {
                let ids = (0..<count).map { "r\($0)" }
                _ = try corpus.ingest([shard("d\(count).delete", ids, .deletion)], acknowledged: [], now: Date.init)
            }
        }
        for _ in 0..<4 { expectDamageOnly(comment) { _ = try corpus.recode(recodeLimits) } }
    }

    private static func shard(_ name: String, _ ids: [String], _ content: IncomingShard.Content) -> IncomingShard {
        IncomingShard(
            name: name, role: .references, sha256: String(repeating: "0", count: 64), idsSHA256: nil, ids: ids,
            content: content, received: Date(timeIntervalSince1970: 1))
    }

    /// Runs `body`, and expects that it throws no error but damage.
    private static func expectDamageOnly(_ comment: Comment, _ body: () throws -> Void) {
        do {
            try body()
        } catch StoreError.damaged {
        } catch is ChangeFeedError {
            // The log with which the cursor was made is lost.
        } catch let error as any StoreFailure where error.isDamage {
        } catch {
            Issue.record(error, comment)
        }
    }
}
