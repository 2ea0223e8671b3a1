import DaemonSupport
import PosixSupport
import Testing

/// Errors of the start.
@Suite struct StartupErrorTests {
    @Test func theRestOfTheLimitIsForConnections() {
        let connections = Descriptors.raiseLimit()
        #expect((16...2048).contains(connections))
    }

    @Test func aFailureOfTheSystemNamesTheCall() throws {
        let error = try #require(throws: StartupError.self) {
            try StartupError.forStore(in: "/store", done: "opened") { () throws -> Void in
                throw SystemError("open it", number: 13)
            }
        }
        #expect(error.exitCode == 71)
        #expect(error.description.contains("open it"))
    }
}
