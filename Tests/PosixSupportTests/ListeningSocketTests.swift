import Foundation
import Glibc
import PosixSupport
import Testing

@Suite struct ListeningSocketTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { "\(folder.path)/s" }

    @Test(arguments: [0o600, 0o660, 0o666] as [UInt32]) func aSocketHasExactlyItsMode(mode: UInt32) throws {
        let socket = try ListeningSocket(path: path, mode: mode)
        defer { close(socket.descriptor) }
        #expect(try FileSystem.entry(path)?.kind == .socket)
        #expect(try folder.mode("s") == Int(mode))
        #expect(!socket.isInherited)
        socket.remove()
        #expect(folder.names == [])
    }

    @Test func missingFoldersOfThePathAreCreated() throws {
        let socket = try ListeningSocket(path: "\(folder.path)/a/b/s", mode: 0o600)
        defer { close(socket.descriptor) }
        #expect(try folder.mode("a/b") == 0o755)
    }

    @Test func aSocketWithoutAListenerIsReplaced() throws {
        close(try ListeningSocket(path: path, mode: 0o600).descriptor)
        let socket = try ListeningSocket(path: path, mode: 0o660)
        defer { close(socket.descriptor) }
        #expect(try folder.mode("s") == 0o660)
    }

    @Test func aSocketWithAListenerIsLeftAlone() throws {
        let socket = try ListeningSocket(path: path, mode: 0o600)
        defer { close(socket.descriptor) }
        let error = #expect(throws: StartupError.self) { _ = try ListeningSocket(path: path, mode: 0o660) }
        #expect(error?.exitCode == StartupError.Status.unavailable.rawValue)
        #expect(try folder.mode("s") == 0o600)
    }

    @Test func anotherFileIsLeftAlone() throws {
        try folder.write([1], to: "s")
        let error = #expect(throws: StartupError.self) { _ = try ListeningSocket(path: path, mode: 0o600) }
        #expect(error?.exitCode == StartupError.Status.configuration.rawValue)
        #expect(try folder.bytes("s") == [1])
    }

    /// The path of a Unix socket can have 107 bytes.
    @Test func aPathThatIsTooLongIsAnError() throws {
        let name = String(repeating: "s", count: 107 - folder.path.utf8.count - 1)
        close(try ListeningSocket(path: "\(folder.path)/\(name)", mode: 0o600).descriptor)
        let error = #expect(throws: StartupError.self) {
            _ = try ListeningSocket(path: "\(folder.path)/\(name)s", mode: 0o600)
        }
        #expect(error?.description.contains("108 bytes") == true)
    }

    @Test func anotherSocketAtThePathIsNotRemoved() throws {
        let first = try ListeningSocket(path: path, mode: 0o600)
        defer { close(first.descriptor) }
        try FileSystem.remove(path)
        let second = try ListeningSocket(path: path, mode: 0o600)
        defer { close(second.descriptor) }
        first.remove()
        #expect(folder.names == ["s"])
    }

    @Test func anInheritedSocketKeepsItsFile() throws {
        let socket = try ListeningSocket(path: path, mode: 0o600)
        defer { close(socket.descriptor) }
        let inherited = ListeningSocket(inherited: socket.descriptor, path: path)
        inherited.remove()
        #expect(inherited.isInherited && folder.names == ["s"])
    }
}
