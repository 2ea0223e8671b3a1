import Foundation
import IncrementalBias
import Observability
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing
import WireAPI

@Suite struct IngestPipelineTests {
    private let spool: TestSpool

    init() throws {
        spool = try TestSpool()
    }

    private func rename(_ name: String, from: String, to: String) throws {
        try FileSystem.move("\(from)/\(name)", to: "\(to)/\(name)")
    }

    @Test func shardsTakeEffectAndAreDeletedByLists() throws {
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        try spool.run()
        #expect(try spool.files == ["done": ["s.ids", "s.npy", "s.npy.receipt.json"]])
        #expect(spool.status.backlog == 0)
        try spool.drop("s.delete", lines("a", "c"))
        try spool.run()
        let receipt = try #require(try spool.receipt("s.delete"))
        #expect((receipt.deleted, receipt.missing) == (1, 1))
        #expect(try spool.images == 1)
    }

    @Test func shardsThatWaitTogetherShareACommit() throws {
        for number in 0..<300 { try spool.drop("\(number).npy", npy(1)) }
        try spool.run()
        #expect(try spool.images == 300)
        #expect(try spool.corpus.state().generation == 2)
    }

    @Test func aRejectedShardDoesNotDelayOthers() throws {
        try spool.drop("bad.npy", Array("nothing".utf8), ids: lines("a"))
        try spool.drop("good.npy", npy(1))
        try spool.drop("wrong.npy", NPY.write(Matrix(rows: 1, dimension: 3, values: [1, 2, 3])))
        try spool.letTimePass()
        try spool.run()
        #expect(try spool.failure("bad.npy")?.code == "not_a_shard")
        #expect(try spool.failure("wrong.npy")?.code == "wrong_dimension")
        #expect(try spool.receipt("good.npy") != nil)
        #expect(Set(spool.status.failures.map(\.name)) == ["bad.npy", "wrong.npy"])
        #expect(try spool.files["failed"]?.contains("bad.ids") == true)
    }

    @Test func theSameShardAgainIsUnchanged() throws {
        for turn in 0..<2 {
            try spool.drop("s.npy", npy(1), ids: lines("a"))
            try spool.run()
            #expect(try spool.receipt("s.npy")?.unchanged == (turn == 1))
        }
        #expect(try spool.corpus.state().generation == 1)
    }

    @Test func shardsOfOneNameInDifferentFormatsGetTheirOwnSidecars() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        try spool.claim("s.npy")
        try spool.drop("s.npz", Array("no archive".utf8), ids: lines("b"))
        try spool.run()
        #expect(try spool.hasImage("a"))
        #expect(try spool.failure("s.npz") != nil)
        #expect(try spool.files["failed"]?.contains("s.ids") == true)
        #expect(try spool.files["done"]?.contains("s.ids") == true)
    }

    @Test func aFileThatIsNotQuietWaits() throws {
        spool.set { $0.quietSeconds = 10 }
        try spool.drop("s.npy", npy(1))
        #expect(try spool.run() <= 10)
        #expect(spool.status.backlog == 1)
        spool.clock.advance(11)
        try spool.run()
        #expect(try spool.receipt("s.npy") != nil)
    }

    @Test func aFileThatWasRenamedIntoTheSpoolDoesNotWait() throws {
        spool.set { $0.quietSeconds = 10 }
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        spool.noteRenamed("s.ids", "s.npy")
        try spool.run()
        #expect(try spool.receipt("s.npy") != nil)
    }

    @Test func whatCameAfterAListWaitsWithIt() throws {
        spool.set { $0.listQuietSeconds = 10 }
        try spool.drop("list.delete", lines("a"))
        try spool.letTimePass()
        try spool.drop("later.npy", npy(1), ids: lines("a"))
        spool.noteRenamed("later.npy", "later.ids")
        #expect(try spool.run() <= 10)
        #expect(try spool.files == ["images": ["later.ids", "later.npy", "list.delete"]])
        spool.clock.advance(11)
        try spool.run()
        #expect(try spool.receipt("list.delete")?.missing == 1)
        #expect(try spool.hasImage("a"))
    }

    @Test func aClaimedFileThatAProducerWritesToWaitsUntilItIsQuiet() throws {
        spool.set { $0.quietSeconds = 10 }
        let processing = spool.folders.processing(.images)
        try spool.write(npy(1), processing, "s.npy")
        #expect(try spool.run() <= 10)
        #expect(try spool.files == ["processing": ["s.npy"]])
        spool.clock.advance(11)
        try spool.run()
        #expect(try spool.receipt("s.npy") != nil)
    }

    @Test func aShardWhoseSidecarIsMissingIsReadAgain() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        let restore = try spool.moveToOtherFileSystem(spool.folders.processing(.images))
        // Neither of the files can be moved, so both stay.
        #expect(try spool.run() <= 2)
        #expect(try spool.files["images"] == ["s.ids", "s.npy"])
        try restore()
        #expect(try spool.run() <= 2)
        spool.clock.advance(2)
        try spool.run()
        #expect(try spool.hasImage("a"))
    }

    @Test func aShardThatCanNotBePublishedWaitsAndDoesNotDelayOthers() throws {
        let restore = try spool.moveToOtherFileSystem(spool.folders.done(.images))
        try spool.drop("s.npy", npy(1))
        #expect(try spool.run() <= 2)
        #expect(try spool.images == 1)
        try spool.drop("bad.npy", [])
        // Another shard of this name waits too.
        try spool.drop("s.npy", npy(2))
        try spool.run()
        #expect(try spool.failure("bad.npy") != nil)
        #expect(try spool.files["processing"] == ["s.npy"])
        #expect(try spool.images == 1)
        try restore()
        spool.clock.advance(60)
        try spool.run()
        #expect(try spool.images == 2)
        #expect(try spool.receipt("s.npy")?.rows == 2)
        #expect(try spool.corpus.lastReceipts(9).map(\.rows) == [2, 1])
    }

    @Test func aReceiptThatCanNotBeWrittenIsWrittenLater() throws {
        let obstacle = "\(spool.folders.done(.images))/.s.npy.receipt.json.tmp"
        try FileSystem.makeFolder(obstacle, mode: 0o700)
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        #expect(try spool.run() <= 2)
        // Its files have moved. Another shard of this name must wait, because it would replace the receipt.
        try spool.drop("s.npz", [])
        try spool.run()
        #expect(try spool.files["images"] == ["s.npz"])
        try FileManager.default.removeItem(atPath: obstacle)
        spool.clock.advance(60)
        try spool.run()
        #expect(try spool.receipt("s.npy") != nil)
        #expect(try spool.failure("s.npz") != nil)
    }

    @Test func aFolderOrLinkWithTheNameOfAShardIsRejected() throws {
        let incoming = spool.folders.incoming(.images)
        try FileSystem.makeFolder("\(incoming)/folder.npy", mode: 0o700)
        try FileManager.default.createSymbolicLink(atPath: "\(incoming)/link.npy", withDestinationPath: "nowhere")
        try spool.run()
        let codes = try ["folder.npy", "link.npy"].map { try spool.failure($0)?.code }
        #expect(codes == ["not_regular_file", "not_regular_file"])
        #expect(try spool.files["images"] == nil)
    }

    @Test func aFolderThatCanNotBeMovedHasAnErrorDocument() throws {
        _ = try spool.moveToOtherFileSystem(spool.folders.processing(.images))
        try FileSystem.makeFolder("\(spool.folders.incoming(.images))/folder.npy", mode: 0o700)
        try spool.run()
        #expect(try spool.failure("folder.npy")?.code == "not_regular_file")
        #expect(try spool.files["images"] == ["folder.npy"])
    }

    @Test func aNameThatIsNotUTF8IsRejected() throws {
        for _ in 0..<2 {
            let path = Array("\(spool.folders.incoming(.images))/caf".utf8) + [0xe9] + Array(".npy".utf8) + [0]
            #expect(unsafe mkdir(path.map { CChar(bitPattern: $0) }, 0o700) == 0)
            let full = path.dropLast() + Array("/full".utf8) + [0]
            #expect(unsafe mkdir(full.map { CChar(bitPattern: $0) }, 0o700) == 0)
            try spool.run()
        }
        #expect(spool.status.failures.map(\.code) == ["bad_name", "bad_name"])
        #expect(spool.status.failures.first?.name == "caf%E9.npy")
        #expect(try spool.names(spool.folders.incoming(.images)).isEmpty)
        // Both rejected folders are kept, but only one error document.
        #expect(try spool.names(spool.folders.failed(.images)).count == 3)
    }

    @Test func aNameThatIsNotUTF8WaitsWhereItCanNotBeMoved() throws {
        let path = Array("\(spool.folders.incoming(.images))/caf".utf8) + [0xe9] + Array(".npy".utf8) + [0]
        #expect(unsafe mkdir(path.map { CChar(bitPattern: $0) }, 0o700) == 0)
        let restore = try spool.moveToOtherFileSystem(spool.folders.failed(.images))
        #expect(try spool.run() <= 2)
        #expect(spool.status.failures.isEmpty)
        try restore()
        spool.clock.advance(2)
        try spool.run()
        #expect(spool.status.failures.count == 1)
    }

    @Test func largeShardsAreStagedAndCommittedAlone() throws {
        let spool = try TestSpool(minimumStagedBytes: 400)
        for (number, rows) in [1, 100, 2, 200].enumerated() {
            try spool.drop("\(number).npy", npy(rows))
            try spool.letTimePass()
        }
        try spool.run()
        #expect(try spool.images == 303)
        #expect(try spool.corpus.state().generation == 4)
        // The same name again, and existing ids under another name: both shards are read as a whole.
        try spool.drop("1.npy", npy(100))
        try spool.run()
        #expect(try spool.receipt("1.npy")?.unchanged == true)
        let ids = (0..<100).map { "1:\($0)\n" }.joined()
        try spool.drop("again.npy", npy(100, seed: 4), ids: Array(ids.utf8))
        try spool.run()
        #expect(try spool.receipt("again.npy")?.replaced == 100)
    }

    @Test func aClaimedFileThatIsDeletedLeavesNoSidecarBehind() throws {
        spool.set { $0.quietSeconds = 10 }
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        try spool.claim("s.npy")
        try spool.run()
        try FileSystem.remove("\(spool.folders.processing(.images))/s.npy")
        spool.restart()
        try spool.run()
        #expect(try spool.files == ["images": ["s.ids"]])
    }

    @Test func noFileIsProcessedWhileStopping() throws {
        try spool.drop("s.npy", npy(1))
        var pipeline = spool.pipeline
        _ = try pipeline.runOnce(isStopping: { true })
        #expect(try spool.files == ["images": ["s.npy"]])
    }

    @Test func deletedFoldersAreCreatedAgain() throws {
        for folder in ["images", "processing", "done", "failed"] {
            try FileManager.default.removeItem(atPath: "\(spool.folders.root)/\(folder)")
        }
        try spool.run()
        try spool.drop("s.npy", npy(1))
        try spool.run()
        #expect(try spool.receipt("s.npy") != nil)
    }

    @Test func referencesRetire() throws {
        try spool.write(npy(3), spool.folders.incoming(.references), "r.npy")
        try spool.run()
        spool.set { $0.retention = Retention(maximumReferences: 1) }
        var pipeline = spool.pipeline
        try pipeline.retire()
        #expect(try spool.corpus.state().references.count == 1)
    }

    @Test func anInterruptedCommitLeavesTheShardClaimedAndTheNextStartCommitsIt() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        try spool.claim("s.npy")
        spool.restart()
        try spool.run()
        #expect(try spool.hasImage("a"))
    }
}
