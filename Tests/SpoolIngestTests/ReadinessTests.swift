import Foundation
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing

@Suite final class ReadinessTests {
    private let spool: TestSpool
    private let incoming: String
    private var readiness: Readiness

    init() throws {
        spool = try TestSpool()
        incoming = spool.folders.incoming(.images)
        readiness = Readiness(spool.folders, quietSeconds: 10)
    }

    private func file(_ name: String, isClaimed: Bool = false) throws -> SpoolFile {
        let folder = isClaimed ? spool.folders.processing(.images) : incoming
        return SpoolFile(
            ShardKey(.images, name), try #require(try spool.entry(folder, name)), isClaimed: isClaimed)
    }

    /// What `Readiness.delay` returns for a file `seconds` after its last change.
    private func delay(_ name: String, after seconds: Double, isClaimed: Bool = false) throws -> Double {
        let file = try file(name, isClaimed: isClaimed)
        let changed = Double(max(file.entry.modified, isClaimed ? 0 : file.entry.changed)) / 1e9
        return try readiness.delay(file, now: SpoolTime(wall: changed + seconds, uptime: seconds))
    }

    private func delay(_ file: SpoolFile, wall: Double, uptime: Double) throws -> Double {
        try readiness.delay(file, now: SpoolTime(wall: wall, uptime: uptime))
    }

    @Test func aFileThatWasRenamedIntoTheFolderIsWhole() throws {
        try spool.drop("s.npy", npy(1))
        #expect(try delay("s.npy", after: 1) > 0)
        readiness.noteRenamed([.images: ["s.npy", "absent.npy", "s.ids"]])
        #expect(try delay("s.npy", after: 1) == 0)
        // Another file of this name is not known to be whole.
        try spool.drop("s.npy", npy(2))
        #expect(try delay("s.npy", after: 1) > 0)
    }

    @Test func anyOtherFileIsWholeWhenItIsQuietAndComplete() throws {
        try spool.drop("s.npy", npy(1))
        #expect(abs(try delay("s.npy", after: 4) - 6) < 0.01)
        #expect(try delay("s.npy", after: 10.01) == 0)
    }

    @Test func anIncompleteFileWaits30QuietTimes() throws {
        try spool.drop("s.npy", npy(2).dropLast(1))
        #expect(try delay("s.npy", after: 11) == 10)
        #expect(try delay("s.npy", after: 299) == 10)
        #expect(try delay("s.npy", after: 301) == 0)
    }

    @Test func filesWithoutAHeaderNeedOnlyBeQuiet() throws {
        try spool.drop("s.delete", [])
        #expect(try delay("s.delete", after: 1) > 0)
        #expect(try delay("s.delete", after: 11) == 0)
    }

    @Test func aFolderIsReadyAtOnce() throws {
        try FileSystem.makeFolder("\(incoming)/s.npy", mode: 0o700)
        #expect(try delay("s.npy", after: 0) == 0)
    }

    @Test func aFileWithATimeInTheFutureIsQuietByTheMonotonicClock() throws {
        try spool.drop("s.npy", npy(1))
        let file = try file("s.npy")
        let wall = Double(file.entry.modified) / 1e9 - 1000
        #expect(try delay(file, wall: wall, uptime: 50) == 10)
        #expect(try delay(file, wall: wall, uptime: 57) == 3)
        readiness.keep([file])
        #expect(try delay(file, wall: wall, uptime: 60) == 0)
        // A file that no longer exists is forgotten.
        readiness.keep([])
        #expect(try delay(file, wall: wall, uptime: 61) == 10)
    }

    @Test func aClaimedFileStaysWholeUntilItChanges() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        let shard = try #require(try spool.claim("s.npy"))
        #expect(try delay("s.npy", after: 1, isClaimed: true) > 0)
        readiness.noteClaimed(shard)
        #expect(try delay("s.npy", after: 1, isClaimed: true) == 0)
        readiness.forget(shard.key, isClaimed: true)
        #expect(try delay("s.npy", after: 1, isClaimed: true) > 0)
        #expect(try delay("s.npy", after: 11, isClaimed: true) == 0)
    }

    /// The claim changes the ctime of the file.
    @Test func aClaimDoesNotCountAsAChange() throws {
        try spool.drop("s.npy", npy(1))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -100)], ofItemAtPath: "\(incoming)/s.npy")
        try spool.claim("s.npy")
        let delay = try readiness.delay(file("s.npy", isClaimed: true), now: .now())
        #expect(delay == 0)
    }

    @Test func aClaimedFileWaitsForItsSidecarToBeQuiet() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -100)], ofItemAtPath: "\(incoming)/s.npy")
        try spool.claim("s.npy")
        let delay = try readiness.delay(file("s.npy", isClaimed: true), now: .now())
        #expect(delay > 0)
    }
}
