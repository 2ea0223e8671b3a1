import ArgumentParser
import ControlClient
import FoundationEssentials

/// Where the daemon is; every command takes these options.
struct DaemonOptions: ParsableArguments {
    /// Where the daemon listens unless told otherwise.
    private static let defaultSocket = "/run/nnnd/nnnd.sock"
    /// The variable of the environment that names another socket.
    private static let variable = "NNND_SOCKET"
    /// The longest path that fits into a socket's address on Linux, in bytes.
    private static let maximumPathLength = 107

    @Option(
        name: .customLong("socket"),
        help: ArgumentHelp(
            "The Unix socket on which nnnd listens (default: $\(variable), else \(defaultSocket)).", valueName: "path"),
        completion: .file()
    )
    var givenSocket: String?

    /// The socket's path: from the option, else from the environment, else the default.
    var socket: String {
        let candidates = [givenSocket, ProcessInfo.processInfo.environment[Self.variable]]
        return candidates.compactMap(\.self).first { !$0.isEmpty } ?? Self.defaultSocket
    }

    func validate() throws {
        guard socket.utf8.count <= Self.maximumPathLength else {
            throw ValidationError("The socket's path has over \(Self.maximumPathLength) bytes: \(socket)")
        }
    }

    /// Calls `body` with a client of the daemon that the options name.
    func withClient<Result>(_ body: (DaemonClient) async throws -> Result) async throws -> Result {
        try await body(DaemonClient(socket: socket))
    }
}
