import Foundation
import Glibc
import PosixSupport
import Testing

@Suite struct FileSystemTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    // Paths.

    @Test(
        arguments: [
            ("/a/b", "/a", "b"), ("/a", nil, "a"), ("a/b", "a", "b"), ("a", nil, "a"),
            ("/a/\u{301}b", "/a", "\u{301}b"),
        ] as [(String, String?, String)]) func splitsPaths(path: String, parent: String?, name: String)
    {
        #expect(FileSystem.parent(of: path) == parent)
        #expect(FileSystem.name(of: path) == name)
    }

    @Test(arguments: [
        ("/a/b", "/a/.b.tmp"), ("/b", "/.b.tmp"), ("a/b", "a/.b.tmp"), ("b", ".b.tmp"),
    ]) func aHiddenPathLiesInTheSameFolder(path: String, hidden: String) {
        #expect(FileSystem.hiddenPath(beside: path, suffix: ".tmp") == hidden)
    }

    @Test(arguments: ["n", "日"], [250, 251, 252, 255]) func aHiddenNameFits(character: String, count: Int) {
        let name = String(repeating: character, count: count / character.utf8.count)
        let hidden = FileSystem.hiddenPath(beside: "/a/\(name)", suffix: ".tmp")
        #expect(hidden.hasPrefix("/a/.") && hidden.hasSuffix(".tmp"))
        #expect(FileSystem.name(of: hidden).utf8.count <= FileSystem.maximumNameByteCount)
    }

    // Entries.

    @Test func returnsTheEntryAtAPath() throws {
        try folder.write([1, 2, 3], to: "file")
        try FileSystem.createFolder(path("folder"), mode: 0o755)
        #expect(unsafe symlink("file", path("link")) == 0 && mkfifo(path("pipe"), 0o600) == 0)
        #expect(try FileSystem.entry(path("file"))?.kind == .regularFile)
        #expect(try FileSystem.entry(path("file"))?.size == 3)
        #expect(try FileSystem.entry(path("folder"))?.kind == .folder)
        #expect(try FileSystem.entry(path("link"))?.kind == .symbolicLink)
        #expect(try FileSystem.entry(path("link"), followsLinks: true)?.kind == .regularFile)
        #expect(try FileSystem.entry(path("pipe"))?.kind == .other)
    }

    @Test func aPathThatCannotExistHasNoEntry() throws {
        try folder.write([], to: "file")
        for name in ["missing", "file/below", String(repeating: "n", count: 256)] {
            #expect(try FileSystem.entry(path(name)) == nil)
            #expect(try !FileSystem.exists(path(name)))
        }
    }

    @Test func aRenamedFileIsTheSameAndAChangedFileIsNot() throws {
        try folder.write([1], to: "a")
        let before = try #require(try FileSystem.entry(path("a")))
        try FileSystem.rename(path("a"), to: path("b"))
        let renamed = try #require(try FileSystem.entry(path("b")))
        #expect(renamed.isSameFile(as: before))
        try folder.write([1, 2], to: "b")
        #expect(try FileSystem.entry(path("b"))?.isSameFile(as: before) == false)
    }

    // Files.

    @Test func writesAFileAtomically() throws {
        try FileSystem.writeAtomically([1, 2], to: path("a"))
        try FileSystem.writeAtomically([3], to: path("a"))
        #expect(try folder.bytes("a") == [3])
        #expect(folder.names == ["a"])
    }

    @Test(arguments: [250, 255]) func writesAFileOfALongNameAtomically(count: Int) throws {
        let name = String(repeating: "n", count: count)
        try FileSystem.writeAtomically([7], to: path(name))
        #expect(folder.names == [name])
    }

    @Test func aFailedWriteLeavesNoFile() throws {
        try FileSystem.createFolder(path("a"), mode: 0o755)
        try folder.write([], to: "a/file")
        let error = #expect(throws: SystemError.self) { try FileSystem.writeAtomically([1], to: path("a")) }
        #expect(error?.description.contains(path("a")) == true)
        #expect(folder.names == ["a"])
    }

    @Test func movesAndRemovesFilesThatMayBeMissing() throws {
        try folder.write([1], to: "a")
        #expect(try FileSystem.move(path("a"), to: path("b")))
        #expect(try !FileSystem.move(path("a"), to: path("b")))
        #expect(throws: SystemError.self) { try FileSystem.rename(path("a"), to: path("b")) }
        try FileSystem.remove(path("b"))
        try FileSystem.remove(path("b"))
        #expect(folder.names == [])
    }

    @Test func movesAFileWhoseNameIsNotUTF8() throws {
        let bytes: [UInt8] = [0x63, 0xe9]
        let made = unsafe (Array(path("").utf8) + bytes + [0]).map { CChar(bitPattern: $0) }
            .withUnsafeBufferPointer { buffer in
                unsafe buffer.baseAddress.map { unsafe open($0, O_CREAT | O_WRONLY, 0o600) } ?? -1
            }
        #expect(made >= 0)
        close(made)
        var names: [FileName] = []
        try FileSystem.forEachName(in: folder.path) { names.append($0) }
        let name = try #require(names.first)
        #expect(names.count == 1 && name.text == nil)
        #expect(try FileSystem.move(name, in: folder.path, to: Array(path("text").utf8)))
        #expect(try !FileSystem.move(name, in: folder.path, to: Array(path("text").utf8)))
        #expect(folder.names == ["text"])
    }

    @Test func readsRegularFilesOnly() throws {
        try folder.write([1, 2, 3], to: "file")
        try FileSystem.createFolder(path("folder"), mode: 0o755)
        #expect(unsafe symlink("file", path("link")) == 0 && mkfifo(path("pipe"), 0o600) == 0)
        #expect(try FileSystem.readRegularFile(path("file")) == [1, 2, 3])
        #expect(try FileSystem.readRegularFile(path("file"), maximumByteCount: 2) == nil)
        for name in ["folder", "link", "pipe", "missing", "file/below", String(repeating: "n", count: 256)] {
            #expect(try FileSystem.readRegularFile(path(name)) == nil)
        }
    }
}
