import ArgumentParser
import ControlClient

/// `nnnctl status`: the daemon's state, and the last receipts and rejections.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the size of the corpus, the spool's backlog, and the last receipts and rejections."
    )

    @OptionGroup var daemon: DaemonOptions

    @Flag(help: "Print the status document as JSON.")
    var json = false

    func run() async throws {
        let answer = try await daemon.client.status()
        if json {
            try StandardOutput.write(document: answer.document)
        } else {
            try StandardOutput.write(lines: StatusView(status: answer.value, style: .output).lines)
        }
    }
}
