import ArgumentParser
import ControlClient
import FoundationEssentials

/// The options that name the daemon; every command has them.
struct DaemonOptions: ParsableArguments {
    /// The socket if neither the option nor the environment names one.
    private static let defaultSocket = "/run/nnnd/nnnd.sock"
    /// The environment variable that names another socket.
    private static let variable = "NNND_SOCKET"
    /// The maximum length of a socket's path on Linux, in bytes.
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
            throw ValidationError("The socket's path has more than \(Self.maximumPathLength) bytes: \(socket)")
        }
    }

    /// A client of the daemon that the options name.
    var client: DaemonClient { DaemonClient(socket: socket) }
}
