import Foundation
import IncrementalBias
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing
import WireAPI

/// Tests of the table "Crashes" in docs/ingestion.md.
///
/// Each test creates one state in the spool and starts a pipeline.
@Suite struct CrashPointTests {
    private let spool: TestSpool

    init() throws {
        spool = try TestSpool()
    }

    /// The moves of a shard with a sidecar, in order.
    ///
    /// A crash can follow each; a power failure can undo the last ones.
    enum Move: Int, CaseIterable {
        case claimSidecar, claimShard, detachSidecar, moveShard, moveSidecar
    }

    static let names = ["s.npy", String(repeating: "n", count: 251) + ".npy"]

    private func make(_ moves: some Sequence<Move>, _ name: String, failed: Bool = false) throws {
        let folders = spool.folders
        let (incoming, processing) = (folders.incoming(.images), folders.processing(.images))
        let destination = failed ? SpoolFolders.Destination.failed : .done
        let (leaving, target) = (folders.leaving(destination, .images), folders.destination(destination, .images))
        let sidecar = try #require(SpoolNames.sidecar(of: name))
        for move in moves {
            let (file, from, to) =
                switch move {
                case .claimSidecar: (sidecar, incoming, processing)
                case .claimShard: (name, incoming, processing)
                case .detachSidecar: (sidecar, processing, leaving)
                case .moveShard: (name, processing, target)
                case .moveSidecar: (sidecar, leaving, target)
                }
            #expect(try FileSystem.move("\(from)/\(file)", to: "\(to)/\(file)"))
        }
    }

    /// Commits a shard whose files are in the incoming folder.
    ///
    /// Does not move the files.
    private func commit(_ name: String) throws -> Receipt {
        let shard = try #require(try spool.claim(name))
        let receipt = try #require(try spool.commit(shard))
        let (incoming, processing) = (spool.folders.incoming(.images), spool.folders.processing(.images))
        for file in [name, try #require(shard.sidecar)] {
            try FileSystem.move("\(processing)/\(file)", to: "\(incoming)/\(file)")
        }
        return receipt
    }

    private func start() throws {
        spool.restart()
        try spool.run()
    }

    private func expectDone(_ name: String, _ generation: UInt64, unchanged: Bool? = nil) throws {
        let sidecar = try #require(SpoolNames.sidecar(of: name))
        #expect(try spool.files == ["done": [sidecar, name, SpoolNames.receipt(of: name)].sorted()])
        let document = try #require(try spool.receipt(name))
        #expect(document.name == name)
        #expect(document.generation == generation)
        if let unchanged { #expect(document.unchanged == unchanged) }
        #expect(try spool.corpus.state().generation == generation)
        #expect(try spool.hasImage("a"))
        #expect(try spool.images == 2)
    }

    @Test(arguments: 0...2, names) func beforeTheCommitItIsProcessedFromTheStart(moves: Int, name: String) throws {
        try spool.drop(name, npy(2), ids: lines("a", "b"))
        try make(Move.allCases.prefix(moves), name)
        try start()
        try expectDone(name, 1, unchanged: false)
    }

    @Test(arguments: 0...5, names) func afterTheCommitItTakesEffectOnce(moves: Int, name: String) throws {
        try spool.drop(name, npy(2), ids: lines("a", "b"))
        let receipt = try commit(name)
        try make(Move.allCases.prefix(moves), name)
        try start()
        // With fewer moves the shard is back in the incoming folder. Reading it finds that it took effect.
        try expectDone(name, receipt.generation, unchanged: moves < 2)
        // Start once more, after the receipt was written.
        try start()
        try expectDone(name, receipt.generation)
    }

    /// With this setting the fourth and the fifth step delete the shard and the sidecar instead of moving them.
    @Test(arguments: 2...5) func finishedShardsAreDeletedIfTheSettingSaysSo(moves: Int) throws {
        spool.set { $0.finishedShards = .delete }
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        _ = try commit("s.npy")
        try make(Move.allCases.prefix(min(moves, 3)), "s.npy")
        let gone = [
            "\(spool.folders.processing(.images))/s.npy", "\(spool.folders.leaving(.done, .images))/s.ids",
        ]
        for path in gone.prefix(max(0, moves - 3)) { try FileSystem.remove(path) }
        try start()
        #expect(try spool.files == ["done": ["s.npy.receipt.json"]])
        #expect(try spool.images == 2)
    }

    /// A crash after each move of a rejected shard.
    @Test(arguments: 2...5, names) func aRejectionIsFinished(moves: Int, name: String) throws {
        try spool.drop(name, npy(2), ids: lines("a"))
        try spool.write(Array("{}".utf8), spool.folders.failed(.images), SpoolNames.rejection(of: name))
        try make(Move.allCases.prefix(moves), name, failed: true)
        try start()
        let sidecar = try #require(SpoolNames.sidecar(of: name))
        #expect(try spool.files == ["failed": [sidecar, name, SpoolNames.rejection(of: name)].sorted()])
        // While the shard is in processing/, it is rejected again, with its own ids.
        if moves < 4 { #expect(try spool.failure(name)?.code == "ids_too_few") }
        #expect(try spool.images == 0)
    }

    @Test func aMissingReceiptIsWritten() throws {
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        try spool.run()
        try FileSystem.remove("\(spool.folders.done(.images))/s.npy.receipt.json")
        try start()
        try expectDone("s.npy", 1, unchanged: false)
        // After the next commit the receipt is no longer pending: a deleted document is not written again.
        try spool.drop("other.npy", npy(1))
        try spool.run()
        try FileSystem.remove("\(spool.folders.done(.images))/s.npy.receipt.json")
        try start()
        #expect(try spool.receipt("s.npy") == nil)
    }

    @Test func theReceiptOfAnEarlierShardIsReplaced() throws {
        try spool.drop("s.npy", npy(1))
        try spool.run()
        let before = try #require(
            FileManager.default.contents(atPath: "\(spool.folders.done(.images))/s.npy.receipt.json"))
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        try spool.run()
        try spool.write(Array(before), spool.folders.done(.images), "s.npy.receipt.json")
        try start()
        #expect(try spool.receipt("s.npy")?.generation == 2)
    }

    /// Another shard of the same name waits in the incoming folder when a crash follows any move of the first one.
    @Test(arguments: 2...5) func theNextShardOfANameFollows(moves: Int) throws {
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        _ = try commit("s.npy")
        try make(Move.allCases.prefix(moves), "s.npy")
        try spool.drop("s.npy", npy(2), ids: lines("c", "d"))
        try start()
        for id in ["a", "b", "c", "d"] { #expect(try spool.hasImage(id)) }
        #expect(try spool.images == 4)
        #expect(try spool.files == ["done": ["s.ids", "s.npy", "s.npy.receipt.json"]])
    }

    /// A shard without a sidecar must not get the sidecar of an earlier shard of its name.
    @Test(arguments: 2...5) func theNextShardWithoutASidecarGetsNone(moves: Int) throws {
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        _ = try commit("s.npy")
        try make(Move.allCases.prefix(moves), "s.npy")
        try spool.drop("s.npy", npy(2))
        try start()
        for id in ["a", "b", "s:0", "s:1"] { #expect(try spool.hasImage(id)) }
    }

    @Test(arguments: [false, true]) func aClaimedShardWithOtherContentIsNotTakenForTheLastOne(withIDs: Bool) throws {
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        try spool.run()
        try FileSystem.remove("\(spool.folders.done(.images))/s.npy.receipt.json")
        // The same vectors with other ids, or without.
        try spool.drop("s.npy", npy(2), ids: withIDs ? lines("c", "d") : nil)
        try spool.claim("s.npy")
        try start()
        #expect(try spool.images == 4)
        #expect(try spool.hasImage(withIDs ? "d" : "s:1"))
        #expect(try spool.receipt("s.npy")?.generation == 2)
    }

    @Test func aShardThatWasDroppedAgainIsUnchanged() throws {
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        try spool.run()
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        try spool.claim("s.npy")
        try start()
        try expectDone("s.npy", 1, unchanged: true)
    }

    @Test func aSidecarWhoseShardWasNotClaimedWaitsForIt() throws {
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        try spool.run()
        // The producer has dropped the same sidecar again, but not yet its shard.
        try spool.write(lines("a", "b"), spool.folders.processing(.images), "s.ids")
        try start()
        #expect(try spool.files["images"] == ["s.ids"])
        try spool.drop("s.npy", npy(2, seed: 5))
        try spool.run()
        try expectDone("s.npy", 2, unchanged: false)
    }

    @Test func aSidecarThatWasReplacedWhileTheDaemonWasDownIsTheNewOne() throws {
        try spool.drop("s.npy", npy(2), ids: lines("old", "older"))
        try make([.claimSidecar], "s.npy")
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        try start()
        try expectDone("s.npy", 1)
        #expect(try !spool.hasImage("old"))
    }

    @Test func aCommittedShardIsNotRejectedForALimitThatWasLoweredLater() throws {
        for moves in 0...3 {
            let name = "\(moves).npy"
            try spool.drop(name, npy(100), ids: nil)
            let shard = try #require(try spool.claim(name))
            _ = try #require(try spool.commit(shard))
            if moves == 0 {
                try FileSystem.move(
                    "\(spool.folders.processing(.images))/\(name)", to: "\(spool.folders.incoming(.images))/\(name)")
            }
        }
        spool.set { $0.largestShard = 500 }
        try start()
        #expect(try spool.files == ["done": (0...3).flatMap { ["\($0).npy", "\($0).npy.receipt.json"] }])
    }

    @Test func claimedShardsTakeEffectInTheOrderOfTheirClaims() throws {
        // The order of names is the reverse of the order of claims, and all files have the same times.
        let names = ["c.npy", "b.npy", "a.npy"]
        var log = ClaimLog(spool.folders)
        for (number, name) in names.enumerated() {
            try spool.drop(name, npy(1, seed: Float(number)), ids: lines("id"))
            log.add(ShardKey(.images, name))
            try spool.claim(name)
        }
        try spool.drop("0.npy", npy(1, seed: 9), ids: lines("id"))
        try start()
        #expect(try spool.corpus.lastReceipts(4).map(\.name) == ["0.npy", "a.npy", "b.npy", "c.npy"])
    }

    @Test func aFailedRecoveryIsTriedAgain() throws {
        try spool.drop("s.npy", npy(2), ids: lines("a", "b"))
        _ = try commit("s.npy")
        try make(Move.allCases.prefix(4), "s.npy")
        try spool.write(lines("x"), spool.folders.leaving(.failed, .images), "t.ids")
        let restoreDone = try spool.moveToOtherFileSystem(spool.folders.done(.images))
        spool.restart()
        let secondsToNextTry = try spool.run()
        #expect(secondsToNextTry <= 5)
        #expect(try spool.files["processing/done"] == ["s.ids"])
        #expect(try spool.files["failed"] == ["t.ids"])
        // A shard of this name waits; others don't.
        try spool.drop("s.npy", npy(3), ids: lines("c", "d", "e"))
        try spool.drop("other.delete", lines("a"))
        try spool.run()
        #expect(try spool.files["images"] == ["s.ids", "s.npy"])
        try restoreDone()
        spool.clock.advance(60)
        try spool.run()
        #expect(try spool.files["done"]?.contains("s.npy.receipt.json") == true)
        #expect(try spool.files.keys.sorted() == ["done", "failed"])
        #expect(try spool.hasImage("e"))
    }
}
