import Foundation
import IncrementalBias
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing

@Suite struct SpoolReaderTests {
    private let spool: TestSpool

    init() throws {
        spool = try TestSpool()
    }

    private func reader(maximumBytes: Int = 1 << 20, minimumStagedBytes: Int = .max) -> SpoolReader {
        SpoolReader(
            corpus: spool.corpus, folders: spool.folders, maximumBytes: maximumBytes,
            minimumStagedBytes: minimumStagedBytes)
    }

    private func claimed(_ name: String, _ bytes: [UInt8], ids: [UInt8]? = nil) throws -> ClaimedShard {
        try spool.drop(name, bytes, ids: ids)
        return try #require(try spool.claim(name))
    }

    @Test func aShardIsReadWithItsSidecar() throws {
        let shard = try claimed("s.npy", npy(2), ids: lines("a", "b"))
        guard case .read(let read) = try reader().read(shard) else { throw Unexpected() }
        #expect(read.content.ids == ["a", "b"])
        #expect(read.content.idsSHA256 != nil)
        #expect(read.content.received == shard.received)
        // Two vectors of two floats, and 64 bytes for each id.
        #expect(read.byteCount == 2 * 8 + 2 * 64)
    }

    @Test func aListOfIDsToDeleteIsRead() throws {
        let shard = try claimed("s.delete", lines("a", "b"))
        guard case .read(let read) = try reader().read(shard), case .deletion = read.content.content else {
            throw Unexpected()
        }
        #expect(read.content.ids == ["a", "b"])
    }

    @Test(
        arguments: [
            ("s.npy", Array("nothing".utf8), nil, "not_a_shard"),
            ("s.npy", npy(2).dropLast(), nil, "truncated"),
            ("s.npz", npy(2), nil, "not_a_shard"),
            ("s.txt", npy(2), nil, "not_a_shard"),
            ("s.npy", npy(2), lines("a"), "ids_too_few"),
            ("s.delete", [0xff], nil, "ids_not_utf8"),
        ] as [(String, [UInt8], [UInt8]?, String)])
    func aShardThatBreaksARuleIsRejected(name: String, bytes: [UInt8], ids: [UInt8]?, code: String) throws {
        let shard = try claimed(name, bytes, ids: ids)
        guard case .rejected(let error) = try reader().read(shard) else { throw Unexpected() }
        #expect(error.code.rawValue == code)
    }

    @Test func anEntryThatIsNotAFileIsRejected() throws {
        try FileSystem.makeFolder("\(spool.folders.incoming(.images))/folder.npy", mode: 0o700)
        let link = "\(spool.folders.incoming(.images))/link.npy"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nowhere")
        for name in ["folder.npy", "link.npy"] {
            let shard = try #require(try spool.claim(name))
            guard case .rejected(let error) = try reader().read(shard) else { throw Unexpected() }
            #expect(error.code == .notRegularFile)
        }
    }

    @Test func aRejectionForASidecarNamesIt() throws {
        try spool.drop("s.npy", npy(2))
        let sidecar = "\(spool.folders.incoming(.images))/s.ids"
        try FileManager.default.createSymbolicLink(atPath: sidecar, withDestinationPath: "nowhere")
        let shard = try #require(try spool.claim("s.npy"))
        guard case .rejected(let error) = try reader().read(shard) else { throw Unexpected() }
        #expect(error.message.hasPrefix("s.ids: "))
    }

    @Test func aShardThatIsTooLargeIsRejectedUnlessItTookEffect() throws {
        var shard = try claimed("s.npy", npy(50), ids: nil)
        guard case .rejected(let error) = try reader(maximumBytes: 100).read(shard) else { throw Unexpected() }
        #expect(error.code == .tooLarge)
        let receipt = try #require(try spool.commit(shard))
        guard case .committed(receipt) = try reader(maximumBytes: 100).read(shard) else { throw Unexpected() }
        // With a sidecar the content differs.
        shard = ClaimedShard(shard.key, shard.entry, sidecar: "s.ids", received: .now)
        try spool.write(lines("a"), spool.folders.processing(.images), "s.ids")
        guard case .rejected = try reader(maximumBytes: 100).read(shard) else { throw Unexpected() }
    }

    /// A file that is larger than the memory allows is read in pieces, if that is possible.
    @Test func aShardThatMustBeReadAsAWholeHasALimitOfItsOwn() throws {
        let reader = SpoolReader(
            corpus: spool.corpus, folders: spool.folders, maximumBytes: 1 << 20, maximumWholeBytes: 300,
            minimumStagedBytes: 100)
        var shard = try claimed("s.npy", npy(50))
        guard case .large(let large) = try reader.read(shard), case .read(let staged) = try reader.stage(shard, large),
            case .staged = staged.content.content
        else { throw Unexpected() }
        try spool.corpus.discardStaged()
        // The same content again is recognised by its digest, and other content of the same name is staged.
        let receipt = try #require(try spool.commit(shard))
        guard case .committed(receipt) = try reader.read(shard) else { throw Unexpected() }
        try FileSystem.remove("\(spool.folders.processing(.images))/s.npy")
        shard = try claimed("s.npy", npy(60, seed: 4))
        guard case .large(let other) = try reader.read(shard) else { throw Unexpected() }
        // The other content has ids that exist, so it can't be staged.
        guard case .rejected(let error) = try reader.stage(shard, other) else { throw Unexpected() }
        #expect(error.code == .tooLarge && error.advice.contains("largest-shard"))
        shard = try claimed("t.npz", Array(repeating: 0, count: 301))
        guard case .rejected(let error) = try reader.read(shard) else { throw Unexpected() }
        #expect(error.code == .tooLarge)
    }

    @Test func aCommittedShardIsNotRejectedForALargeSidecar() throws {
        let shard = try claimed("s.npy", npy(2), ids: lines("a", String(repeating: "b", count: 400)))
        let receipt = try #require(try spool.commit(shard))
        guard case .committed(receipt) = try reader(maximumBytes: 300).read(shard) else { throw Unexpected() }
    }

    @Test func aShardThatHasChangedSinceItsClaimIsNotRead() throws {
        let shard = try claimed("s.npy", npy(2))
        try spool.write(npy(3), spool.folders.processing(.images), "s.npy")
        guard case .changing = try reader().read(shard) else { throw Unexpected() }
    }

    @Test func aShardThatWasDeletedIsGone() throws {
        let shard = try claimed("s.npy", npy(2))
        try FileSystem.remove("\(spool.folders.processing(.images))/s.npy")
        guard case .gone = try reader().read(shard) else { throw Unexpected() }
    }

    @Test func aSidecarThatWasDeletedIsWaitedFor() throws {
        let shard = try claimed("s.npy", npy(2), ids: lines("a", "b"))
        try FileSystem.remove("\(spool.folders.processing(.images))/s.ids")
        guard case .changing = try reader().read(shard) else { throw Unexpected() }
    }

    @Test func aLargeShardIsStaged() throws {
        let shard = try claimed("s.npy", npy(2), ids: lines("a", "b"))
        let reader = reader(minimumStagedBytes: 1)
        guard case .large(let large) = try reader.read(shard) else { throw Unexpected() }
        guard case .read(let read) = try reader.stage(shard, large), case .staged(_) = read.content.content else {
            throw Unexpected()
        }
        var batch = Batch()
        batch.append(read)
        #expect(batch.isFull)
        #expect(read.content.ids == ["a", "b"])
        _ = try spool.corpus.ingest([read.content], acknowledged: [], now: { .now })
        #expect(try spool.images == 2)
    }

    @Test func aLargeShardWithAnIDThatIsThereIsReadWhole() throws {
        _ = try #require(try spool.commit(claimed("first.npy", npy(1), ids: lines("b"))))
        let shard = try claimed("s.npy", npy(2), ids: lines("a", "b"))
        let reader = reader(minimumStagedBytes: 1)
        guard case .large(let large) = try reader.read(shard),
            case .read(let read) = try reader.stage(shard, large), case .vectors = read.content.content
        else { throw Unexpected() }
    }

    @Test func aLargeShardThatBreaksARuleLeavesNothing() throws {
        var bytes = npy(3, seed: 1)
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xc0, 0x7f])
        for (name, bytes, ids, code) in [
            ("nan.npy", bytes, nil, "not_finite"), ("ids.npy", npy(3), lines("a"), "ids_too_few"),
        ] as [(String, [UInt8], [UInt8]?, String)] {
            let shard = try claimed(name, bytes, ids: ids)
            let reader = reader(minimumStagedBytes: 1)
            guard case .large(let large) = try reader.read(shard),
                case .rejected(let error) = try reader.stage(shard, large)
            else { throw Unexpected() }
            #expect(error.code.rawValue == code)
        }
        #expect(try spool.images == 0)
    }

    @Test func aLargeShardThatChangesWhileItIsStagedIsNotCommitted() throws {
        let shard = try claimed("s.npy", npy(2))
        let reader = reader(minimumStagedBytes: 1)
        guard case .large(let large) = try reader.read(shard) else { throw Unexpected() }
        try spool.write(npy(2, seed: 9), spool.folders.processing(.images), "s.npy")
        guard case .changing = try reader.stage(shard, large) else { throw Unexpected() }
        #expect(try spool.images == 0)
    }
}
