import Foundation
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing

@Suite struct ShardClaimerTests {
    private let spool: TestSpool
    private let claimer: ShardClaimer

    init() throws {
        spool = try TestSpool()
        claimer = ShardClaimer(spool.folders)
    }

    private func file(_ name: String) throws -> SpoolFile {
        let entry = try #require(try spool.entry(spool.folders.incoming(.images), name))
        return SpoolFile(ShardKey(.images, name), entry, isClaimed: false)
    }

    private func claim(_ name: String) throws -> ClaimOutcome {
        try claimer.claim(file(name), now: spool.clock.now.date)
    }

    @Test func aClaimMovesTheShardAndItsSidecar() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        guard case .claimed(let shard) = try claim("s.npy") else { throw Unexpected() }
        #expect(shard.sidecar == "s.ids")
        #expect(shard.received == spool.clock.now.date)
        #expect(try spool.files == ["processing": ["s.ids", "s.npy"]])
        let file = SpoolFile(shard.key, shard.entry, isClaimed: true)
        #expect(try claimer.claimed(file, now: spool.clock.now.date) == shard)
    }

    @Test(arguments: ["s.npy", "s.delete"]) func aShardWithoutASidecarIsClaimedAlone(name: String) throws {
        try spool.drop(name, npy(1))
        try spool.write(lines("a"), spool.folders.incoming(.images), "other.ids")
        guard case .claimed(let shard) = try claim(name) else { throw Unexpected() }
        #expect(shard.sidecar == nil)
        #expect(try spool.files == ["images": ["other.ids"], "processing": [name]])
    }

    @Test func aFileThatIsNoLongerThereIsGoneAndItsSidecarStays() throws {
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        let file = try file("s.npy")
        try FileSystem.remove("\(spool.folders.incoming(.images))/s.npy")
        guard case .gone = try claimer.claim(file, now: .now) else { throw Unexpected() }
        #expect(try spool.files == ["images": ["s.ids"]])
    }

    @Test func aFileThatWasReplacedIsClaimedAndNotRead() throws {
        try spool.drop("s.npy", npy(1))
        let file = try file("s.npy")
        try spool.drop("s.npy", npy(2))
        guard case .changing = try claimer.claim(file, now: .now) else { throw Unexpected() }
        #expect(try spool.files == ["processing": ["s.npy"]])
    }

    /// Files in processing/, and the shards that must wait because of them.
    static let occupied: [(folder: String, file: String, waiting: [String])] = [
        ("processing/images", "s.npy", ["s.npy", "s.npz", "s.safetensors"]),
        ("processing/images", "s.npz", ["s.npy"]),
        ("processing/images", "s.ids", ["s.npy", "s.npz"]),
        ("processing/done/images", "s.ids", ["s.npy"]),
        ("processing/failed/images", "s.ids", ["s.safetensors"]),
        ("processing/images", "s.delete", ["s.delete"]),
    ]

    @Test(arguments: occupied.indices) func aShardWaitsForAnEarlierOneOfItsNameOrSidecar(row: Int) throws {
        let (folder, earlier, names) = Self.occupied[row]
        try spool.write(npy(1), "\(spool.folders.root)/\(folder)", earlier)
        for name in names {
            try spool.drop(name, npy(1), ids: lines("a"))
            guard case .waiting(.earlierShard) = try claim(name) else { throw Unexpected() }
            #expect(try spool.entry(spool.folders.incoming(.images), name) != nil)
        }
        try spool.drop("other.npy", npy(1))
        guard case .claimed = try claim("other.npy") else { throw Unexpected() }
    }

    @Test func aShardThatCanNotBeMovedWaitsWithItsSidecar() throws {
        let restore = try spool.moveToOtherFileSystem(spool.folders.processing(.images))
        try spool.drop("s.npy", npy(1), ids: lines("a"))
        guard case .waiting(.fault(let error)) = try claim("s.npy") else { throw Unexpected() }
        #expect(error.number == EXDEV)
        #expect(try spool.files == ["images": ["s.ids", "s.npy"]])
        try restore()
        guard case .claimed = try claim("s.npy") else { throw Unexpected() }
    }

    @Test func aSidecarIsPutBackUnlessAnotherHasCome() throws {
        let processing = spool.folders.processing(.images)
        try spool.write(lines("old"), processing, "s.ids")
        try claimer.putBack("s.ids", .images)
        #expect(try spool.files == ["images": ["s.ids"]])
        try spool.write(lines("older"), processing, "s.ids")
        try claimer.putBack("s.ids", .images)
        #expect(try spool.files == ["images": ["s.ids"]])
        let path = "\(spool.folders.incoming(.images))/s.ids"
        #expect(FileManager.default.contents(atPath: path) == Data(lines("old")))
        // The sidecar may no longer exist.
        try claimer.putBack("s.ids", .images)
    }

    @Test func aFolderAsASidecarIsPutBackOrMovedAside() throws {
        let processing = spool.folders.processing(.images)
        try FileSystem.makeFolder("\(processing)/s.ids", mode: 0o700)
        try claimer.putBack("s.ids", .images)
        #expect(try spool.files == ["images": ["s.ids"]])
        try FileSystem.makeFolder("\(processing)/s.ids", mode: 0o700)
        try claimer.putBack("s.ids", .images)
        #expect(try spool.files == ["images": ["s.ids"], "failed": ["s.ids"]])
    }
}

/// A function returned another outcome than the test expects.
struct Unexpected: Error {}
