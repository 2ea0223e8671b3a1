import Glibc
import PosixSupport
import Testing

@Suite struct OpenFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    @Test func readsMoreThanTheBufferOfReadToEnd() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let output = try OpenFile(creating: path("a"), mode: 0o600)
        try output.write(bytes[..<1_000_000])
        try output.write(bytes[1_000_000...])
        try output.synchronize()
        #expect(try OpenFile(reading: path("a")).readToEnd() == bytes)
    }

    @Test func readsOneBufferAtATime() throws {
        try folder.write([1, 2, 3], to: "a")
        let file = try OpenFile(reading: path("a"))
        var buffer: [UInt8] = [0, 0]
        #expect(try file.read(into: &buffer) == 2)
        #expect(buffer == [1, 2])
        #expect(try file.read(into: &buffer) == 1)
        #expect(try file.read(into: &buffer) == 0)
    }

    @Test func doesNotCreateAFileThatExists() throws {
        try folder.write([1], to: "a")
        #expect(unsafe symlink("missing", path("link")) == 0)
        for name in ["a", "link"] {
            let error = #expect(throws: SystemError.self) { _ = try OpenFile(creating: path(name)) }
            #expect(error?.number == EEXIST)
        }
        #expect(try folder.bytes("a") == [1])
    }

    @Test func addsPermissionsAndRemovesNone() throws {
        let file = try OpenFile(creating: path("a"), mode: 0o600)
        try file.addPermissions(0o040)
        #expect(try folder.mode("a") == 0o640)
        try file.addPermissions(0o600)
        #expect(try folder.mode("a") == 0o640)
    }

    @Test func opensNoFileAsAFolder() throws {
        try folder.write([], to: "a")
        try OpenFile(folder: folder.path).synchronize()
        #expect(throws: SystemError.self) { _ = try OpenFile(folder: path("a")) }
    }

    @Test func anErrorNamesTheCallThePathAndTheReason() throws {
        let error = #expect(throws: SystemError.self) { _ = try OpenFile(reading: path("missing")) }
        #expect(error?.description == "open \(path("missing")): No such file or directory")
        #expect(error?.isMissing == true && error?.affectsAllFiles == false && error?.isPermissionDenied == false)
    }

    @Test func errorsThatAffectAllFilesAreRecognised() {
        #expect(
            [ENOSPC, EDQUOT, EIO, EROFS, EMFILE, ENFILE, ENOMEM].allSatisfy { number in
                SystemError("write a", number: number).affectsAllFiles
            })
        #expect(!SystemError("write a", number: EACCES).affectsAllFiles)
        #expect(SystemError("write a", number: EPERM).isPermissionDenied)
    }

    @Test func bytesWrittenToAPipeCanBeRead() throws {
        let pipe = try Pipe()
        try DescriptorIO.write([1, 2, 3][...], to: pipe.writeEnd, name: "the pipe")
        pipe.closeWriteEnd()
        #expect(try DescriptorIO.readToEnd(pipe.readEnd, name: "the pipe") == [1, 2, 3])
        pipe.closeReadEnd()
        let error = #expect(throws: SystemError.self) { try DescriptorIO.readToEnd(-1, name: "the pipe") }
        #expect(error?.description == "read the pipe: Bad file descriptor")
    }
}
