import ControlClient
import Foundation
import PosixSupport
import ShardFormats
import SpoolProtocol
import Testing
import WireAPI

@Suite struct ProducerSpoolTests {
    private let spool: SpoolFixture

    init() throws {
        spool = try SpoolFixture()
    }

    private func submit(_ name: String = "a.npy", _ content: String = "content") throws -> SubmittedShard {
        try spool.images.submit(try ShardFile(path: try spool.file(name, content)))
    }

    // Submission.

    @Test func aShardAppearsUnderItsNameAndNothingElseDoes() throws {
        let shard = try submit()
        #expect(spool.names("images") == ["a.npy"])
        #expect(shard.sha256 == ContentDigest.hexadecimal(of: Array("content".utf8)) && shard.idsSHA256 == nil)
        #expect(try spool.images.isWaiting(shard))
    }

    @Test func aSidecarGoesWithItsShard() throws {
        _ = try spool.file("a.ids", "ids")
        let shard = try submit()
        #expect(spool.names("images") == ["a.ids", "a.npy"])
        #expect(shard.idsSHA256 == ContentDigest.hexadecimal(of: Array("ids".utf8)))
    }

    @Test func heapsGoWithTheirShard() throws {
        _ = try spool.file("a.ids", "ids")
        _ = try spool.file("a.heaps.npz", "heaps")
        let file = try ShardFile(path: try spool.file("a.npy"), withHeaps: true)
        _ = try spool.images.submit(file)
        #expect(spool.names("images") == ["a.heaps.npz", "a.ids", "a.npy"])
    }

    @Test func aListOfIDsNeedsNoFile() throws {
        let list = ShardFile(deleting: ["a"])
        _ = try spool.images.submit(list)
        #expect(spool.names("images") == [list.name])
    }

    @Test func theGroupCanReadWhatIsSubmitted() throws {
        _ = try submit()
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(spool.root)/images/a.npy")
        let permissions = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
        #expect(permissions & 0o040 != 0)
    }

    /// Lengths of a name without its suffix.
    ///
    /// Up to 223 the name of the receipt is not shortened, and up to 225 that of the error document. With 251 the shard
    /// has the longest name that Linux allows.
    @Test(arguments: [1, 200, 223, 224, 225, 226, 250, 251]) func everyNameThatAFileCanHaveFits(count: Int) throws {
        let stem = String(repeating: "n", count: count)
        _ = try spool.file("\(stem).ids", "ids")
        let shard = try submit("\(stem).npy")
        #expect(spool.names("images") == ["\(stem).ids", "\(stem).npy"])
        try spool.commit(shard.name)
        let outcome = try spool.images.outcome(of: shard, acceptsEarlier: false)
        guard case .committed(let receipt) = outcome else {
            Issue.record("the receipt is not found: \(String(describing: outcome))")
            return
        }
        #expect(receipt.name == shard.name)
    }

    @Test(arguments: ["a.npy", "a.ids", "a.heaps.npz"]) func aFileThatWaitsIsNotReplaced(name: String) throws {
        try FileSystem.writeAtomically([7], to: "\(spool.root)/images/\(name)")
        let error = #expect(throws: Failure.self) { try submit() }
        #expect(error?.status == .tryAgain && error?.message?.contains(name) == true)
        #expect(spool.names("images") == [name])
    }

    @Test func aMissingSpoolIsTold() throws {
        try spool.images.check()
        let missing = ProducerSpool(.references, Documents.status(spool: "/nowhere").spool)
        let error = #expect(throws: Failure.self) { try missing.check() }
        #expect(error?.status == .inputOutput && error?.message?.contains("/nowhere/references") == true)
    }

    // Outcomes.

    @Test func aShardThatWaitsIsPending() throws {
        let shard = try submit()
        try spool.commit("a.npy")
        _ = try submit()
        #expect(try spool.images.outcome(of: shard, acceptsEarlier: true) == nil)
    }

    @Test func aShardWithoutADocumentIsPending() throws {
        let shard = try submit()
        try spool.takeAway("a.npy")
        #expect(try spool.images.outcome(of: shard, acceptsEarlier: true) == nil)
    }

    @Test func aReceiptOfOtherContentIsNotTheShards() throws {
        let shard = try submit()
        for change: (inout ShardReceipt) -> Void in [
            { $0.sha256 = "other" }, { $0.idsSha256 = "other" }, { $0.kind = "references" }, { $0.name = "b.npy" },
        ] {
            try FileSystem.writeAtomically(Array("content".utf8), to: "\(spool.root)/images/a.npy")
            try spool.commit("a.npy", change)
            #expect(try spool.images.outcome(of: shard, acceptsEarlier: true) == nil)
        }
    }

    @Test func theReceiptOfAnEarlierSubmissionCountsLate() throws {
        let shard = try submit()
        try spool.commit("a.npy", at: shard.time.addingTimeInterval(-60))
        #expect(try spool.images.outcome(of: shard, acceptsEarlier: false) == nil)
        #expect(try spool.images.outcome(of: shard, acceptsEarlier: true) != nil)
    }

    @Test func anUnchangedReceiptCountsAtOnce() throws {
        let shard = try submit()
        try spool.commit("a.npy", at: shard.time.addingTimeInterval(-60)) { $0.unchanged = true }
        #expect(try spool.images.outcome(of: shard, acceptsEarlier: false) != nil)
    }

    @Test func aRejectionCountsUnlessItIsOlder() throws {
        let shard = try submit()
        try spool.reject("a.npy", at: shard.time.addingTimeInterval(-60))
        #expect(try spool.images.outcome(of: shard, acceptsEarlier: true) == nil)
        try spool.reject("a.npy")
        guard case .rejected(let failure) = try spool.images.outcome(of: shard, acceptsEarlier: false) else {
            Issue.record("the rejection is not found")
            return
        }
        #expect(failure.code == "not_finite")
    }

    @Test func anUnreadableDocumentIsNone() throws {
        let shard = try submit()
        try spool.takeAway("a.npy")
        let path = "\(spool.root)/done/images/\(SpoolNames.receipt(of: "a.npy"))"
        try FileSystem.writeAtomically(Array("{".utf8), to: path)
        #expect(try spool.images.outcome(of: shard, acceptsEarlier: true) == nil)
        try FileSystem.remove(path)
        try FileSystem.createFolder(path, mode: 0o755)
        #expect(try spool.images.outcome(of: shard, acceptsEarlier: true) == nil)
    }
}
