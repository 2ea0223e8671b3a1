import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl verify`: stored biases against those computed from the stored vectors alone.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute biases from the stored vectors and compare.",
        discussion: """
            nnnd computes the mean of each image's k largest similarities from its vectors and all references, and \
            compares it with the stored one. It holds vectors against their checksums, too. The exit status is 1 if \
            anything is wrong. Ingest again what has a wrong vector; 'nnnd rebuild' mends codes and means.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: ArgumentHelp("Look at this many images, spread over the corpus (default: all).", valueName: "n"))
    var sample: Int?

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard sample ?? 1 > 0 else { throw ValidationError("'--sample' has to be 1 or more.") }
    }

    func run() async throws {
        let answer = try await daemon.withClient { daemon in
            try await daemon.verify(VerifyRequest(sample: sample))
        }
        if json {
            try StandardOutput.write(document: answer.document)
        } else {
            try StandardOutput.write(lines: VerifyView(report: answer.value, style: .output).lines)
        }
        if !answer.value.isClean { throw ExitCode(ExitStatus.wrongBiases.rawValue) }
    }
}
