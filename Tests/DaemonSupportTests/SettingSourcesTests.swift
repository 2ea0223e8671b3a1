import DaemonSupport
import Foundation
import IncrementalBias
import Testing

/// The order of the sources (flags, environment, configuration file), and the errors of each.
@Suite struct SettingSourcesTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "nnnd-\(UUID())")

    private func settings(
        flags: [String: String] = [:], environment: [String: String] = [:], file text: String? = nil
    ) throws -> DaemonSettings {
        var path: String?
        defer { try? FileManager.default.removeItem(at: folder) }
        if let text {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appending(path: "nnnd.yaml")
            try Data(text.utf8).write(to: file)
            path = file.path
        }
        let sources = try SettingSources(flags: flags, environment: environment, file: path)
        return try DaemonSettings(sources, environment: environment)
    }

    private func error(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) throws -> ConfigurationError {
        try #require(throws: ConfigurationError.self) {
            try settings(flags: flags, environment: environment, file: file)
        }
    }

    @Test func theFirstSourceCounts() throws {
        let (flags, environment, file) = (["k": "13"], ["NNND_K": "12", "NNND_ALPHA": "0.25"], "k: 11\nalpha: 0.5\n")
        #expect(try settings(file: file).k == 11)
        #expect(try settings(environment: environment, file: file).k == 12)
        let all = try settings(flags: flags, environment: environment, file: file)
        #expect((all.k, all.alpha) == (13, 0.25))
    }

    @Test func aBadValueBehindAGoodOneDoesNoHarm() throws {
        #expect(try settings(flags: ["k": "13"], environment: ["NNND_K": "twelve"], file: "k: eleven\n").k == 13)
    }

    @Test func systemdNamesTheFolders() throws {
        let found = try settings(environment: ["STATE_DIRECTORY": "/s:/other", "RUNTIME_DIRECTORY": "/r"])
        #expect((found.data, found.socket) == ("/s", "/r/nnnd.sock"))
        #expect(try settings(environment: ["STATE_DIRECTORY": "/s", "NNND_DATA": "/d"]).data == "/d")
    }

    @Test func littleMemoryLimitsTheShardsThatAreReadAsAWhole() throws {
        for (memory, largestWhole) in [(8 << 20, 1 << 20), (64 << 30, 1 << 30)] {
            let settings = DaemonSettings(defaultsInEnvironment: [:], memory: memory)
            #expect((settings.largestShard, settings.largestWholeShard) == (4 << 30, largestWhole))
        }
        let found = try settings(flags: ["largest-shard": "9GiB"])
        #expect((found.largestShard, found.largestWholeShard) == (9 << 30, 9 << 30))
    }

    @Test func theCapacityIsLeftToTheStoreUnlessItIsSet() throws {
        #expect(try settings(flags: ["k": "40"]).store.capacity == nil)
        #expect(try settings(flags: ["k": "40", "capacity": "41"]).store.capacity == 41)
        let found = try error(flags: ["k": "40", "capacity": "39"])
        #expect(found.description == "--capacity is '39'; it must be a whole number from 40 to 131072")
    }

    @Test func anErrorNamesTheSettingAsItsSourceDoes() throws {
        let flag = try error(flags: ["k": "0"])
        #expect(flag.description == "--k is '0'; it must be a whole number from 1 to 65536")
        #expect(flag.exitCode == 64)
        let variable = try error(environment: ["NNND_SOCKET_MODE": "rw"])
        #expect(variable.description.hasPrefix("NNND_SOCKET_MODE is 'rw'; it must be permissions"))
        #expect(variable.exitCode == 78)
        let file = try error(file: "log-level: loud\n")
        #expect(file.description.contains("log-level in \(folder.path)"))
        #expect(file.description.contains("is 'loud'; it must be one of trace, debug,"))
        #expect(file.exitCode == 78)
    }

    @Test(arguments: [
        ("colour: red\n", "'colour' is not a setting"), ("k: [1, 2]\n", "'k' must be one value"),
        ("k: 1\nk: 2\n", "'k'"), ("- k\n", "it must be a list of 'setting: value' lines"), ("k: [1", "nnnd.yaml"),
    ])
    func aBadFileIsNamed(text: String, expected: String) throws {
        let found = try error(file: text)
        #expect(found.description.hasPrefix("configuration file \(folder.path)/nnnd.yaml: "))
        #expect(found.description.contains(expected))
        #expect(!found.description.contains("\n"))
    }

    @Test func anEmptyFileSetsNothing() throws {
        #expect(try settings(file: "# nothing\n").k == 128)
    }

    @Test func aMissingFileIsAnErrorIfItIsNamed() throws {
        #expect(throws: ConfigurationError.self) {
            try SettingSources(flags: [:], environment: [:], file: "/nowhere/nnnd.yaml")
        }
    }
}
