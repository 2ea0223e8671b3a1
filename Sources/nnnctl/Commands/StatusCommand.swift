import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl status`: what the daemon has, does and did last.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what nnnd holds, what waits in its spool, and what it took in or refused last."
    )

    @OptionGroup var daemon: DaemonOptions

    @Flag(help: "Print the status document as JSON.")
    var json = false

    func run() async throws {
        let answer = try await daemon.withClient { daemon in try await daemon.status() }
        if json {
            try StandardOutput.write(document: answer.document)
        } else {
            try StandardOutput.write(lines: StatusView(status: answer.value, style: .output).lines)
        }
    }
}
