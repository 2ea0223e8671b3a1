import ArgumentParser
import ControlClient
import Glibc
import WireAPI

/// The command line of `nnnctl`.
@main
struct NNNCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nnnctl",
        abstract: "Ingest into, search, inspect, evaluate and back up a running nnnd.",
        discussion: """
            nnnd keeps the biases of images exact while images and references (typical queries) change, and answers \
            searches with them. nnnctl talks to it over its Unix socket.

            \(ExitStatus.help)
            """,
        version: Version.current,
        subcommands: [
            StatusCommand.self, SearchCommand.self, IngestCommand.self, DeleteCommand.self, ExplainCommand.self,
            ImagesCommand.self, ReferencesCommand.self, ChangesCommand.self, ExportCommand.self, VerifyCommand.self,
            BackupCommand.self, EvaluateCommand.self, TuneCommand.self, HubsCommand.self, ReportCommand.self,
        ]
    )

    /// The text before the message of a usage error.
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
        // ArgumentParser has its own commands, such as the one that prints help; it reports their errors itself.
        let isOfNNNCtl = configuration.subcommands.contains { $0 == type(of: command) }
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error where error is ExitCode || !isOfNNNCtl {
            exit(withError: error)
        } catch {
            let failure = Failure(error)
            if let message = failure.message { try? Console().show(.error(message)) }
            exit(withError: ExitCode(failure.status.rawValue))
        }
    }
}
