import Foundation
import IncrementalBias
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing
import WireAPI

@Suite struct ShardFinalizerTests {
    private let spool: TestSpool

    init() throws {
        spool = try TestSpool()
    }

    private func finalizer(_ action: FinishedShardAction = .move) -> ShardFinalizer {
        ShardFinalizer(spool.folders, finishedShards: action)
    }

    private func committed(_ name: String = "s.npy", ids: [UInt8]? = lines("a")) throws -> DecidedShard {
        try spool.drop(name, npy(1), ids: ids)
        let shard = try #require(try spool.claim(name))
        return DecidedShard(shard, .committed(try #require(try spool.commit(shard)), unchanged: false))
    }

    private func rejected(_ name: String = "s.npy", ids: [UInt8]? = lines("a")) throws -> DecidedShard {
        try spool.drop(name, npy(1), ids: ids)
        return DecidedShard(try #require(try spool.claim(name)), .rejected(.unreadable(reason: "a test")))
    }

    private static let done = ["done": ["s.ids", "s.npy", "s.npy.receipt.json"]]
    private static let failed = ["failed": ["s.ids", "s.npy", "s.npy.error.json"]]

    @Test func aShardThatTookEffectMovesToDone() throws {
        guard case .done(let receipt) = try finalizer().publish(committed()) else { throw Unexpected() }
        #expect(try spool.files == Self.done)
        #expect(try spool.receipt("s.npy")?.generation == receipt.generation)
        #expect(try spool.receipt("s.npy")?.unchanged == false)
        #expect(finalizer().documents.contains(receipt))
    }

    @Test func aShardThatTookEffectIsDeletedIfTheSettingSaysSo() throws {
        guard case .done = try finalizer(.delete).publish(committed()) else { throw Unexpected() }
        #expect(try spool.files == ["done": ["s.npy.receipt.json"]])
    }

    @Test func aRejectedShardMovesToFailed() throws {
        let shard = try rejected()
        guard case .failed(let failure) = try finalizer(.delete).publish(shard) else { throw Unexpected() }
        #expect(try spool.files == Self.failed)
        #expect(failure.code == "unreadable")
        #expect(try spool.failure("s.npy")?.message == failure.message)
        #expect(failure.rejected == shard.claimed.received)
    }

    @Test func publishingCanBeRepeated() throws {
        let done = try committed()
        for _ in 0..<2 { _ = try finalizer().publish(done) }
        #expect(try spool.files == Self.done)
        let failed = try rejected("t.npy")
        for _ in 0..<2 { _ = try finalizer().publish(failed) }
        #expect(try spool.files["failed"] == ["t.ids", "t.npy", "t.npy.error.json"])
    }

    @Test(arguments: [SpoolFolders.Destination.done, .failed])
    func aShardThatCanNotBeMovedWaits(destination: SpoolFolders.Destination) throws {
        let restore = try spool.moveToOtherFileSystem(spool.folders.destination(destination, .images))
        let shard = try destination == .done ? committed() : rejected()
        guard case .waiting(let error) = try finalizer().publish(shard) else { throw Unexpected() }
        #expect(error.number == EXDEV)
        #expect(try spool.entry(spool.folders.processing(.images), "s.npy") != nil)
        try restore()
        if case .waiting = try finalizer().publish(shard) { throw Unexpected() }
        #expect(try spool.files == (destination == .done ? Self.done : Self.failed))
    }

    @Test func aReceiptThatCanNotBeWrittenWaits() throws {
        let obstacle = "\(spool.folders.done(.images))/.s.npy.receipt.json.tmp"
        try FileSystem.makeFolder(obstacle, mode: 0o700)
        let shard = try committed()
        guard case .waiting = try finalizer().publish(shard) else { throw Unexpected() }
        #expect(try spool.receipt("s.npy") == nil)
        try FileManager.default.removeItem(atPath: obstacle)
        guard case .done = try finalizer().publish(shard) else { throw Unexpected() }
        #expect(try spool.files == Self.done)
    }

    @Test func deletedFoldersAreCreatedAgain() throws {
        let shards = [try committed(), try rejected("t.npy")]
        for folder in ["done", "failed"] {
            try FileManager.default.removeItem(atPath: "\(spool.folders.root)/\(folder)")
        }
        for shard in shards { _ = try finalizer().publish(shard) }
        #expect(try spool.files == Self.done.merging(["failed": ["t.ids", "t.npy", "t.npy.error.json"]]) { a, _ in a })
    }

    @Test func theDeletedFolderOfAReceiptIsCreatedAgain() throws {
        let shard = try committed(ids: nil)
        try FileManager.default.removeItem(atPath: "\(spool.folders.root)/done")
        guard case .done = try finalizer(.delete).publish(shard) else { throw Unexpected() }
        #expect(try spool.files == ["done": ["s.npy.receipt.json"]])
    }

    @Test func foldersWithTheNameOfATargetStay() throws {
        for name in ["s.npy", "s.ids", "s.npy.receipt.json"] {
            try FileSystem.makeFolder("\(spool.folders.done(.images))/\(name)", mode: 0o700)
        }
        guard case .done = try finalizer().publish(committed()) else { throw Unexpected() }
        #expect(try spool.names(spool.folders.done(.images)).count == 6)
        #expect(try spool.receipt("s.npy") != nil)
    }

    @Test(arguments: ["n", "日"]) func aShardWithTheLongestNameHasAnErrorDocument(character: String) throws {
        // Linux allows 255 bytes.
        var stem = String(repeating: character, count: 255)
        while "\(stem).npy".utf8.count > 255 { stem.removeLast() }
        let key = "\(stem).npy"
        let shard = try rejected(key)
        guard case .failed(let failure) = try finalizer().publish(shard) else { throw Unexpected() }
        #expect(failure.name == key)
        #expect(try spool.failure(key)?.name == key)
        #expect(try spool.entry(spool.folders.failed(.images), key) != nil)
    }

    @Test func aReceiptOfAnEarlierShardIsNotThisOne() throws {
        let first = try committed()
        _ = try finalizer().publish(first)
        try spool.drop("s.npy", npy(2))
        let shard = try #require(try spool.claim("s.npy"))
        let second = try #require(try spool.commit(shard))
        #expect(!finalizer().documents.contains(second))
        try spool.write(Array("{}".utf8), spool.folders.done(.images), "s.npy.receipt.json")
        #expect(!finalizer().documents.contains(second))
    }
}
