import Foundation
import IncrementalBias
import PosixSupport
import ShardFormats
import SpoolIngest
import Testing

@Suite struct BatchTests {
    private let spool: TestSpool

    init() throws {
        spool = try TestSpool()
    }

    /// A shard with a file of `fileBytes` and with `ids` ids, which count as 64 bytes each in memory.
    private func shard(fileBytes: Int, ids: Int = 1) throws -> ReadShard {
        let path = "\(spool.root)/sized"
        try Data().write(to: URL(filePath: path))
        try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: UInt64(fileBytes))
        let entry = try #require(try FileSystem.entry(path))
        return ReadShard(
            ClaimedShard(ShardKey(.images, "s.delete"), entry, sidecar: nil, received: .now),
            IncomingShard(
                name: "s.delete", role: .images, sha256: "", idsSHA256: nil, ids: Array(repeating: "id", count: ids),
                content: .deletion, received: .now))
    }

    @Test func aBatchIsFullWith256Shards() throws {
        let small = try shard(fileBytes: 10)
        var batch = Batch()
        for _ in 0..<255 { batch.append(small) }
        #expect(!batch.isFull)
        batch.append(small)
        #expect(batch.isFull)
    }

    @Test func aBatchIsFullWith64MiBOfFiles() throws {
        var batch = Batch()
        batch.append(try shard(fileBytes: (64 << 20) - 1))
        #expect(!batch.isFull)
        batch.append(try shard(fileBytes: 1))
        #expect(batch.isFull)
    }

    @Test func aBatchIsFullWith128MiBInMemory() throws {
        var batch = Batch()
        batch.append(try shard(fileBytes: 10, ids: (2 << 20) - 1))
        #expect(!batch.isFull)
        batch.append(try shard(fileBytes: 10, ids: 1))
        #expect(batch.isFull)
    }

    @Test func takingAllEmptiesIt() throws {
        var batch = Batch()
        for _ in 0..<256 { batch.append(try shard(fileBytes: 10)) }
        #expect(batch.takeAll().count == 256)
        #expect(batch.isEmpty)
        #expect(!batch.isFull)
    }
}
