import Foundation
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing

@Suite struct ClaimLogTests {
    private let spool: TestSpool
    private let keys = ["b.npy", "a.npy", "two\nlines.npy"].map { ShardKey(.images, $0) }

    init() throws {
        spool = try TestSpool()
    }

    private var size: Int {
        get throws { try spool.entry("\(spool.folders.root)/processing", ".claims")?.size ?? 0 }
    }

    @Test func theOrderOfClaimsIsKnownAfterACrash() throws {
        var log = ClaimLog(spool.folders)
        for key in keys { log.add(key) }
        let read = ClaimLog(spool.folders)
        let numbers = try keys.map { try #require(read.number(of: $0)) }
        #expect(numbers == numbers.sorted())
        #expect(Set(numbers).count == 3)
        #expect(read.number(of: ShardKey(.references, "a.npy")) == nil)
    }

    @Test func aShardThatIsClaimedAgainComesLast() throws {
        var log = ClaimLog(spool.folders)
        for key in keys + [keys[0]] { log.add(key) }
        for log in [log, ClaimLog(spool.folders)] {
            #expect(try #require(log.number(of: keys[0])) > (try #require(log.number(of: keys[2]))))
        }
    }

    @Test func aLogWithoutClaimedShardsIsEmptied() throws {
        var log = ClaimLog(spool.folders)
        for key in keys { log.add(key) }
        log.remove([keys[0]])
        #expect(try size > 0)
        log.keep([])
        #expect(try size == 0)
        #expect(log.number(of: keys[1]) == nil)
    }

    @Test func aLongLogOfFewShardsIsShortened() throws {
        var log = ClaimLog(spool.folders)
        log.add(keys[0])
        log.add(keys[2])
        let other = ShardKey(.references, "other.npy")
        // From 4,096 records on the log is rewritten when most of its shards are done.
        for _ in 0..<4100 { log.add(other) }
        log.remove([other])
        #expect(try size < 100)
        let read = ClaimLog(spool.folders)
        #expect(try #require(read.number(of: keys[0])) < (try #require(read.number(of: keys[2]))))
    }

    @Test func damagedRecordsAreLeftOut() throws {
        let bytes = Array("images/a.npy\0nothing\0\0dogs/b.npy\0images/".utf8) + [0xff, 0] + Array("images/c.n".utf8)
        try spool.write(bytes, "\(spool.folders.root)/processing", ".claims")
        let log = ClaimLog(spool.folders)
        #expect(log.number(of: ShardKey(.images, "a.npy")) == 1)
        #expect(log.number(of: ShardKey(.images, "c.npy")) == nil)
    }

    @Test func claimsContinueIfTheLogCanNotBeWritten() throws {
        try FileManager.default.createDirectory(
            atPath: "\(spool.folders.root)/processing/.claims", withIntermediateDirectories: false)
        var log = ClaimLog(spool.folders)
        log.add(keys[0])
        #expect(log.number(of: keys[0]) == 1)
        log.remove(keys)
    }
}
