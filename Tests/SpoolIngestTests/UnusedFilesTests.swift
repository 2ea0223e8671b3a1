import FoundationEssentials
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing
import WireAPI

@Suite final class UnusedFilesTests {
    private let spool: TestSpool
    private var unused = UnusedFiles()

    init() throws {
        spool = try TestSpool()
    }

    /// Looks `seconds` after the last change of `name`.
    private func look(_ name: String, after seconds: Double) throws -> [String] {
        let entry = try #require(try spool.entry(spool.folders.incoming(.images), name))
        let now = SpoolTime(wall: Double(entry.changed) / 1e9 + seconds, uptime: seconds)
        return try unused.look(spool.folders, quietSeconds: 2, listQuietSeconds: 5, now).map(\.name)
    }

    @Test func aFileWithoutAShardsNameIsReportedOnceAfterAMinute() throws {
        try spool.drop("s.npy.DCca58Ba", npy(1))
        #expect(try look("s.npy.DCca58Ba", after: 1).isEmpty)
        #expect(unused.count == 0)
        #expect(abs(unused.delay(now: SpoolTime(wall: 0, uptime: 1)) ?? 0) - 59 < 0.01)
        #expect(try look("s.npy.DCca58Ba", after: 61) == ["s.npy.DCca58Ba"])
        #expect(unused.files.map(\.reason) == [.notAShardName])
        #expect(unused.delay(now: SpoolTime(wall: 0, uptime: 61)) == nil)
        #expect(try look("s.npy.DCca58Ba", after: 70).isEmpty)
        #expect(unused.count == 1)
    }

    @Test func aSidecarIsReportedUntilItsShardComes() throws {
        try spool.drop("s.ids", lines("a"))
        #expect(try look("s.ids", after: 4).isEmpty)
        #expect(try look("s.ids", after: 6) == ["s.ids"])
        #expect(unused.files.map(\.reason) == [.idsWithoutShard])
        try spool.drop("s.npz", [])
        #expect(try look("s.ids", after: 8).isEmpty)
        #expect(unused.count == 0)
        // The sidecar is reported again if its shard disappears.
        try FileSystem.remove("\(spool.folders.incoming(.images))/s.npz")
        #expect(try look("s.ids", after: 10) == ["s.ids"])
    }

    @Test func temporaryFilesAndShardsAreNotReported() throws {
        for name in [".s.npy", "s.npy.tmp", "s.part", "s.npy"] { try spool.drop(name, npy(1)) }
        #expect(try look("s.npy", after: 1000).isEmpty)
    }

    @Test func looksFollowEachOtherAfterASecond() throws {
        try spool.drop("note", [])
        #expect(try look("note", after: 100) == ["note"])
        try spool.drop("other", [])
        #expect(try look("note", after: 100.5).isEmpty)
        #expect(abs((unused.delay(now: SpoolTime(wall: 0, uptime: 100.5)) ?? 0) - 0.5) < 0.01)
        #expect(try look("note", after: 101) == ["other"])
    }

    @Test func manyFilesAreCountedAndTheFirstAreListed() throws {
        for number in 10..<40 { try spool.drop("note\(number)", []) }
        try spool.write([], spool.folders.incoming(.images), "zzz")
        #expect(try look("zzz", after: 1000).count == 31)
        #expect(unused.count == 31)
        #expect(unused.files.count == UnusedFiles.filesKept)
        #expect(unused.files.first?.name == "note10")
    }
}
