import DaemonSupport
import PosixSupport
import Testing

/// Errors of the start.
@Suite struct StartupErrorTests {
    @Test func descriptorsBeyondTheReservedOnesAreForConnections() {
        let connections = Descriptors.raiseLimitForConnections()
        #expect((16...2048).contains(connections))
    }

    @Test func aFailureOfTheSystemNamesTheCall() throws {
        let error = try #require(throws: StartupError.self) {
            try StartupError.mappingStoreErrors(in: "/store", failure: "can't be opened") { () throws -> Void in
                throw SystemError("open it", number: 13)
            }
        }
        #expect(error.exitCode == 71)
        #expect(error.description.contains("open it"))
    }
}
