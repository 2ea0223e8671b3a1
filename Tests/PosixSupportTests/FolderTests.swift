import Foundation
import Glibc
import PosixSupport
import Testing

@Suite struct FolderTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    @Test(arguments: [0o700, 0o750, 0o770, 0o777]) func aFolderHasExactlyItsMode(mode: Int) throws {
        try FileSystem.makeFolder(path("a"), mode: mode_t(mode))
        #expect(try folder.mode("a") & 0o777 == mode)
        #expect(folder.names == ["a"])
    }

    @Test func makesTheFoldersAbove() throws {
        try FileSystem.makeFolder(path("a/b/c"), mode: 0o700)
        #expect(try folder.mode("a/b") & 0o777 == 0o755)
        #expect(try folder.mode("a/b/c") & 0o777 == 0o700)
    }

    @Test func aSlashAtTheEndChangesNothing() throws {
        try FileSystem.makeFolder(path("a/"), mode: 0o700)
        #expect(try folder.mode("a") & 0o777 == 0o700)
        #expect(folder.names == ["a"])
    }

    @Test func anExistingFolderStaysAsItIs() throws {
        try FileSystem.createFolder(path("a"), mode: 0o700)
        try FileSystem.makeFolder(path("a"), mode: 0o755)
        #expect(try folder.mode("a") & 0o777 == 0o700)
    }

    @Test func aFolderOfALongNameIsMade() throws {
        let name = String(repeating: "f", count: 255)
        try FileSystem.makeFolder(path(name), mode: 0o755)
        #expect(folder.names == [name])
    }

    @Test func aHiddenFolderThatACrashLeftIsUsed() throws {
        try FileSystem.createFolder(path(".a.new"), mode: 0o700)
        try FileSystem.makeFolder(path("a"), mode: 0o755)
        #expect(folder.names == ["a"])
        #expect(try folder.mode("a") & 0o777 == 0o755)
    }

    @Test func aSetGroupIDBitIsInherited() throws {
        try FileSystem.createFolder(path("a"), mode: 0o755)
        #expect(unsafe chmod(path("a"), 0o2755) == 0)
        try FileSystem.makeFolder(path("a/b"), mode: 0o777)
        #expect(try folder.mode("a/b") == 0o2777)
    }

    @Test func aFileWithTheNameOfTheFolderIsAnError() throws {
        try folder.write([], to: "a")
        #expect(throws: SystemError.self) { try FileSystem.makeFolder(path("a"), mode: 0o755) }
        #expect(throws: SystemError.self) { try FileSystem.makeFolder(path("a/b"), mode: 0o755) }
        #expect(throws: SystemError.self) { try FileSystem.createFolder(path("a"), mode: 0o755) }
    }

    @Test func recognisesEmptyFolders() throws {
        try FileSystem.createFolder(path("a"), mode: 0o755)
        #expect(try FileSystem.isEmptyFolder(path("a")))
        try folder.write([], to: "a/.hidden")
        #expect(try !FileSystem.isEmptyFolder(path("a")))
        #expect(try !FileSystem.isEmptyFolder(path("a/.hidden")))
        #expect(try !FileSystem.isEmptyFolder(path("missing")))
    }

    @Test func removesEmptyFoldersOnly() throws {
        try FileSystem.createFolder(path("a"), mode: 0o755)
        try folder.write([], to: "a/file")
        FileSystem.removeEmptyFolder(path("a"))
        #expect(folder.names == ["a"])
        try FileSystem.remove(path("a/file"))
        FileSystem.removeEmptyFolder(path("a"))
        #expect(folder.names == [])
    }

    @Test func listsAllNamesExceptDotAndDotDot() throws {
        for name in ["a", ".b", "..."] { try folder.write([], to: name) }
        var names: Set<String?> = []
        try FileSystem.forEachName(in: folder.path) { names.insert($0.text) }
        #expect(names == ["a", ".b", "..."])
        #expect(throws: SystemError.self) { try FileSystem.forEachName(in: path("missing")) { _ in } }
    }

    @Test func synchronizesFoldersAndNothingElse() throws {
        try FileSystem.synchronize(folder: folder.path)
        try folder.write([], to: "a")
        #expect(throws: SystemError.self) { try FileSystem.synchronize(folder: path("a")) }
    }
}
