import ArgumentParser
import ControlClient
import Glibc
import WireAPI

/// The operator's command line of nnnd.
@main
struct NNNCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nnnctl",
        abstract: "Inspect, fill, search and back up a running nnnd.",
        discussion: """
            nnnd keeps the biases of a corpus of images correct while images and reference queries arrive, and \
            answers searches with them. nnnctl talks to it over its Unix socket.

            \(ExitStatus.help)
            """,
        version: Version.current,
        subcommands: [
            StatusCommand.self, SearchCommand.self, IngestCommand.self, DeleteCommand.self, ExplainCommand.self,
            VerifyCommand.self, BackupCommand.self,
        ]
    )

    /// The text before a usage error.
    static var _errorLabel: String { "nnnctl" }

    /// Runs the command that the arguments name, and ends with its exit status.
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        var command: any ParsableCommand
        do {
            command = try await asyncParseAsRoot()
        } catch {
            exit(withError: error)
        }
        // The parser has commands of its own, such as the one that prints help.
        let isOurs = configuration.subcommands.contains { $0 == type(of: command) }
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error where error is ExitCode || !isOurs {
            exit(withError: error)
        } catch {
            let failure = Failure(error)
            if let message = failure.message { try? Console().show(.error(message)) }
            exit(withError: ExitCode(failure.status.rawValue))
        }
    }
}
