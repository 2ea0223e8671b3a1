import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing

@Suite struct SpoolScanTests {
    private let spool: TestSpool

    init() throws {
        spool = try TestSpool()
    }

    private func scan(skipping name: String? = nil) throws -> SpoolScan {
        try SpoolScan(
            spool.folders, claims: ClaimLog(spool.folders), isSkipped: { $0.key.name == name },
            isSkippedName: { _ in false })
    }

    @Test func claimedFilesComeFirstAndFoldersLast() throws {
        try FileSystem.makeFolder("\(spool.folders.incoming(.images))/folder.npy", mode: 0o700)
        for name in ["c.npy", "b.npy", "a.npy"] {
            try spool.letTimePass()
            try spool.drop(name, npy(1))
        }
        try spool.letTimePass()
        try spool.drop("claimed.npy", npy(1))
        try spool.claim("claimed.npy")
        let scan = try scan()
        #expect(scan.files.map(\.key.name) == ["claimed.npy", "c.npy", "b.npy", "a.npy", "folder.npy"])
        #expect(scan.files.map(\.isClaimed) == [true, false, false, false, false])
        #expect(scan.count == 5)
    }

    @Test func temporaryFilesAndSidecarsAreNotListed() throws {
        // The first `Character` of the last name is a dot with an accent. Its first byte is that of a dot all the same.
        for name in [".hidden.npy", "s.npy.tmp", "s.npy.part", "s.ids", ".\u{301}.npy"] {
            try spool.write(npy(1), spool.folders.incoming(.images), name)
        }
        #expect(try scan().count == 0)
    }

    @Test func skippedFilesAreOnlyCounted() throws {
        try spool.drop("a.npy", npy(1))
        try spool.drop("b.npy", npy(1))
        let scan = try scan(skipping: "a.npy")
        #expect(scan.files.map(\.key.name) == ["b.npy"])
        #expect(scan.count == 2)
    }

    @Test func moreFilesThanTheLimitAreLeftForTheNextScan() throws {
        for number in 0..<2 * SpoolScan.limit + 10 {
            try FileSystem.makeFolder("\(spool.folders.incoming(.images))/\(number).npy", mode: 0o700)
        }
        try spool.drop("file.npy", npy(1))
        let scan = try scan()
        #expect(scan.files.count == SpoolScan.limit)
        #expect(scan.files.first?.key.name == "file.npy")
        #expect(scan.count == 2 * SpoolScan.limit + 11)
    }
}
