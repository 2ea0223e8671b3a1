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
        readiness = Readiness(spool.folders, quietSeconds: 10, listQuietSeconds: 20)
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
        return try delay(file, wall: changed + seconds, uptime: seconds)
    }

    /// The seconds that a file has to wait; 0 if it is ready.
    private func delay(_ file: SpoolFile, wall: Double, uptime: Double) throws -> Double {
        switch try readiness.verdict(on: file, now: SpoolTime(wall: wall, uptime: uptime)) {
        case .ready: return 0
        case .waiting(let seconds, _): return seconds
        case .rejected(let error, _): throw error
        }
    }

    /// Gives a file times at which it was last written and last changed in any way, as far apart as a rename makes
    /// them.
    private func renameAfterWriting(_ name: String) throws {
        try spool.letTimePass()
        try FileManager.default.moveItem(atPath: "\(incoming)/\(name)", toPath: "\(incoming)/.\(name)")
        try FileManager.default.moveItem(atPath: "\(incoming)/.\(name)", toPath: "\(incoming)/\(name)")
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

    @Test(arguments: ["", "a", "a\nb"]) func aListWrittenInPlaceWithoutAFinalLineFeedIsRejected(text: String) throws {
        try spool.drop("s.delete", Array(text.utf8))
        #expect(try delay("s.delete", after: 1) == 19)
        #expect(try delay("s.delete", after: 21) == 20)
        #expect(try delay("s.delete", after: 599) == 20)
        #expect(throws: ShardError.self) { try delay("s.delete", after: 601) }
    }

    @Test func onlyWhatSurelyEndsSoonHoldsLaterFiles() throws {
        func holdsLater(_ name: String) throws -> Bool {
            let file = try file(name)
            let now = SpoolTime(wall: Double(file.entry.changed) / 1e9 + 11, uptime: 11)
            guard case .waiting(_, let holdsLater) = try readiness.verdict(on: file, now: now) else {
                throw Unexpected()
            }
            return holdsLater
        }
        try spool.drop("list.delete", lines("a"))
        #expect(try holdsLater("list.delete"))
        try spool.drop("whole.npy", npy(1), ids: lines("a"))
        #expect(try holdsLater("whole.npy"))
        try spool.drop("growing.npy", npy(2).dropLast(1))
        #expect(try !holdsLater("growing.npy"))
    }

    @Test func aListWrittenInPlaceHasToBeQuietForLonger() throws {
        try spool.drop("s.delete", lines("a"))
        #expect(abs(try delay("s.delete", after: 11) - 9) < 0.01)
        #expect(try delay("s.delete", after: 20.01) == 0)
    }

    @Test func aListThatWasRenamedNeedsNoFinalLineFeed() throws {
        try spool.drop("s.delete", Array("a".utf8))
        try renameAfterWriting("s.delete")
        #expect(try delay("s.delete", after: 9) > 0)
        #expect(try delay("s.delete", after: 11) == 0)
        readiness.noteRenamed([.images: ["s.delete"]])
        #expect(try delay("s.delete", after: 1) == 0)
    }

    @Test func aShardWaitsForItsSidecar() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        readiness.noteRenamed([.images: ["s.npy"]])
        #expect(try delay("s.npy", after: 1) > 0)
        readiness.noteRenamed([.images: ["s.ids"]])
        #expect(try delay("s.npy", after: 1) == 0)
        readiness.forget(ShardKey(.images, "s.npy"), isClaimed: false)
        #expect(try delay("s.npy", after: 1) > 0)
    }

    /// The verdict on s.npy and its sidecar when both have been quiet for long.
    private func verdictWhenQuiet() throws -> Readiness.Verdict {
        let file = try file("s.npy")
        return try readiness.verdict(
            on: file, now: SpoolTime(wall: Double(file.entry.changed) / 1e9 + 100, uptime: 100))
    }

    @Test func aSidecarThatCameAfterItsShardIsNotUsed() throws {
        try spool.drop("s.npy", npy(1))
        try spool.letTimePass()
        try spool.write(lines("a"), incoming, "s.ids")
        readiness.noteRenamed([.images: ["s.npy", "s.ids"]])
        // The producer may be about to replace the shard.
        #expect(try delay("s.npy", after: 1) > 0)
        guard case .rejected(let error, let movesSidecar) = try verdictWhenQuiet() else { throw Unexpected() }
        #expect(error.code == .idsLate)
        #expect(!movesSidecar)
        // Another shard that comes after the sidecar has it.
        try spool.letTimePass()
        try spool.write(npy(1), incoming, "s.npy")
        readiness.noteRenamed([.images: ["s.npy"]])
        #expect(try delay("s.npy", after: 1) == 0)
    }

    /// A crash can have left it claimed, and a recovery has moved it back.
    @Test func aSidecarThatWasOnlyMovedAfterItsShardCameIsUsed() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        try spool.letTimePass()
        try renameAfterWriting("s.ids")
        readiness.noteRenamed([.images: ["s.npy"]])
        #expect(try verdictWhenQuiet() == .ready)
    }

    @Test func aSidecarThatIsBeingWrittenWhenItsShardComesIsWaitedFor() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        readiness.noteRenamed([.images: ["s.npy"]])
        #expect(try delay("s.npy", after: 1) > 0)
        try spool.letTimePass()
        let sidecar = try FileHandle(forWritingTo: URL(filePath: "\(incoming)/s.ids"))
        try sidecar.write(contentsOf: lines("b"))
        try sidecar.close()
        #expect(try verdictWhenQuiet() == .ready)
    }

    @Test func aSidecarWithoutAFinalLineFeedRejectsItsShard() throws {
        try spool.drop("s.npy", npy(1), ids: Array("a".utf8))
        let file = try file("s.npy")
        let late = SpoolTime(wall: Double(file.entry.changed) / 1e9 + 601, uptime: 601)
        guard case .rejected(let error, let movesSidecar) = try readiness.verdict(on: file, now: late) else {
            throw Unexpected()
        }
        #expect(error.code == .truncated)
        #expect(movesSidecar)
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
        #expect(try readiness.verdict(on: file("s.npy", isClaimed: true), now: .now()) == .ready)
    }

    @Test func aClaimedFileWaitsForItsSidecarToBeQuiet() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -100)], ofItemAtPath: "\(incoming)/s.npy")
        try spool.claim("s.npy")
        #expect(try readiness.verdict(on: file("s.npy", isClaimed: true), now: .now()) != .ready)
    }
}
