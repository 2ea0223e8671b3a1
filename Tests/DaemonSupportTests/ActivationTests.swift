import DaemonSupport
import Glibc
import PosixSupport
import Testing

/// The environment in which systemd passes a socket; end-to-end tests pass real ones.
@Suite struct ActivationTests {
    private let ownProcessID = "\(getpid())"

    @Test func thereIsNoneForAnotherProcess() throws {
        #expect(try Activation.socket(environment: [:]) == nil)
        #expect(try Activation.socket(environment: ["LISTEN_PID": "1", "LISTEN_FDS": "1"]) == nil)
        #expect(try Activation.socket(environment: ["LISTEN_PID": "x", "LISTEN_FDS": "1"]) == nil)
        #expect(try Activation.socket(environment: ["LISTEN_PID": ownProcessID]) == nil)
        #expect(try Activation.socket(environment: ["LISTEN_PID": ownProcessID, "LISTEN_FDS": "0"]) == nil)
    }

    @Test(arguments: ["-1", "one", "1.5", ""]) func aBadCountIsAnError(count: String) {
        #expect(throws: StartupError.self) {
            try Activation.socket(environment: ["LISTEN_PID": ownProcessID, "LISTEN_FDS": count])
        }
    }

    @Test func severalSocketsAreAnError() throws {
        let error = try #require(throws: StartupError.self) {
            try Activation.socket(environment: ["LISTEN_PID": ownProcessID, "LISTEN_FDS": "2"])
        }
        #expect(error.description.hasPrefix("systemd passes 2 sockets"))
        #expect(error.exitCode == 78)
    }
}
