import ControlClient
import PosixSupport
import Testing

@Suite struct BackupFolderTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Writes a backup of one part and puts it into place.
    private func backUp(_ target: String) throws {
        let backup = try BackupFolder(for: target)
        try backup.write([1, 2, 3][...])
        #expect(folder.names.allSatisfy { $0.hasPrefix(".nnnctl-backup-") || $0 == "backup" })
        try backup.place()
    }

    @Test(arguments: ["", "/", "///"]) func aBackupGetsItsNameAtTheEnd(ending: String) throws {
        try backUp("\(folder.path)/backup\(ending)")
        #expect(folder.names == ["backup"])
        #expect(try folder.bytes("backup/data.mdb") == [1, 2, 3])
    }

    @Test func anEmptyFolderIsReplaced() throws {
        try FileSystem.createFolder("\(folder.path)/backup", mode: 0o755)
        try backUp("\(folder.path)/backup")
        #expect(try folder.mode("backup") == 0o700)
    }

    @Test func aBackupThatIsNotPutIntoPlaceIsRemoved() throws {
        do {
            let backup = try BackupFolder(for: "\(folder.path)/backup")
            try backup.write([1][...])
            #expect(folder.names.count == 1)
        }
        #expect(folder.names == [])
    }

    @Test func nothingIsOverwritten() throws {
        try folder.write([7], to: "file")
        try FileSystem.createFolder("\(folder.path)/full", mode: 0o755)
        try folder.write([7], to: "full/data.mdb")
        for name in ["file", "full"] {
            let failure = #expect(throws: Failure.self) { try backUp("\(folder.path)/\(name)") }
            #expect(failure?.status == .inputOutput && failure?.message?.contains("\(name) exists") == true)
        }
        #expect(folder.names == ["file", "full"])
        #expect(try folder.bytes("full/data.mdb") == [7])
    }

    @Test func namesThatNoFolderCanHaveAreRejected() {
        for name in ["", "/"] {
            #expect(throws: Failure.self) { _ = try BackupFolder(for: name) }
        }
        let long = #expect(throws: Failure.self) {
            _ = try BackupFolder(for: "\(folder.path)/\(String(repeating: "n", count: 256))")
        }
        #expect(long?.message?.contains("256 bytes") == true)
        let missing = #expect(throws: SystemError.self) { _ = try BackupFolder(for: "\(folder.path)/missing/backup") }
        #expect(missing?.isMissing == true)
        #expect(folder.names == [])
    }
}
