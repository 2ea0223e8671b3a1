import ControlClient
import Glibc
import PosixSupport
import Testing

@Suite struct ShardFileTests {
    private let spool: SpoolFixture

    init() throws {
        spool = try SpoolFixture()
    }

    private func failure(_ path: String) -> Failure? {
        #expect(throws: Failure.self) { _ = try ShardFile(path: path) }
    }

    @Test(arguments: ["a.npy", "a.npz", "a.safetensors"]) func findsTheSidecar(name: String) throws {
        let path = try spool.file(name)
        let alone = try ShardFile(path: path)
        #expect(alone.name == name && alone.idsPath == nil && alone.idsName == "a.ids")
        let ids = try spool.file("a.ids")
        #expect(try ShardFile(path: path).idsPath == ids)
    }

    @Test func heapsGoOnlyIfTheyAreAskedFor() throws {
        let path = try spool.file("a.npy")
        let missing = #expect(throws: Failure.self) { _ = try ShardFile(path: path, withHeaps: true) }
        #expect(missing?.status == .noInput && missing?.message?.contains("a.heaps.npz") == true)
        let heaps = try spool.file("a.heaps.npz")
        #expect(try ShardFile(path: path).heapsPath == nil)
        #expect(try ShardFile(path: path, withHeaps: true).heapsPath == heaps)
    }

    @Test func aFolderIsNoSidecar() throws {
        let path = try spool.file("a.npy")
        try FileSystem.createFolder("\(spool.root)/files/a.ids", mode: 0o755)
        #expect(try ShardFile(path: path).idsPath == nil)
    }

    @Test func aLinkToAFileIsAFile() throws {
        let path = try spool.file("a.npy")
        #expect(unsafe symlink(path, "\(spool.root)/files/link.npy") == 0)
        #expect(try ShardFile(path: "\(spool.root)/files/link.npy").name == "link.npy")
    }

    @Test(arguments: ["a.txt", "npy", ".npy", "a.delete", "a.ids", "a.heaps.npz"]) func otherNamesAreRejected(
        name: String
    ) throws {
        let error = failure(try spool.file(name))
        #expect(error?.status == .dataRejected)
        #expect(error?.message?.contains(".safetensors") == true)
    }

    @Test func hiddenFilesAreRejected() throws {
        #expect(failure(try spool.file(".a.npy"))?.message?.contains("dot") == true)
        // A dot and a combining accent are one character for String. The name begins with a dot all the same.
        #expect(failure(try spool.file(".\u{301}a.npy"))?.message?.contains("dot") == true)
    }

    @Test func aMissingFileAndAFolderAreNoInput() throws {
        try FileSystem.createFolder("\(spool.root)/files/folder.npy", mode: 0o755)
        for name in ["missing.npy", "folder.npy"] {
            #expect(failure("\(spool.root)/files/\(name)")?.status == .noInput)
        }
    }

    /// A name can have 255 bytes; the second character has three.
    @Test(arguments: [("n", 251), ("日", 83)]) func theLongestNameIsAccepted(character: String, count: Int) throws {
        let name = String(repeating: character, count: count) + ".npy"
        #expect(try ShardFile(path: try spool.file(name)).name == name)
    }

    @Test func aNameThatIsTooLongIsRejectedWithItsLength() {
        let error = failure("\(spool.root)/files/\(String(repeating: "n", count: 252)).npy")
        #expect(error?.status == .dataRejected)
        #expect(error?.message?.contains("256 bytes") == true && error?.message?.contains("255") == true)
    }

    @Test func twoFilesOfOneNameInTheSpoolAreWrongUsage() throws {
        try FileSystem.createFolder("\(spool.root)/files/other", mode: 0o755)
        let paths = [try spool.file("a.npy"), try spool.file("other/a.npy")]
        let sameName = #expect(throws: Failure.self) { _ = try ShardFile.check(paths) }
        #expect(sameName?.status == .usage)
        // Both would have the sidecar b.ids.
        let formats = [try spool.file("b.npy"), try spool.file("b.npz")]
        let sameSidecar = #expect(throws: Failure.self) { _ = try ShardFile.check(formats) }
        #expect(sameSidecar?.message?.contains("b.npz") == true)
        #expect(try ShardFile.check([paths[0], formats[0]]).map(\.name) == ["a.npy", "b.npy"])
    }

    @Test func namesWithDifferentFormsOfOneCharacterAreDifferent() throws {
        let paths = [try spool.file("\u{e9}.npy"), try spool.file("e\u{301}.npy")]
        #expect(try ShardFile.check(paths).count == 2)
    }

    @Test func aDeletionListKeepsEveryByteOfItsIDs() throws {
        let list = ShardFile(deleting: ["a", "\u{feff}b", "c\r"])
        guard case .bytes(let bytes) = list.source else {
            Issue.record("the list is not made of bytes")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "\u{feff}a\r\n\u{feff}b\r\nc\r\r\n")
        #expect(list.name.hasSuffix(".delete") && list.idsName == nil && list.idsPath == nil)
        #expect(ShardFile(deletionList: bytes).name != list.name)
    }
}
