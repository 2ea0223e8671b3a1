import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl verify`: compares stored means with newly computed ones.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute biases from the stored vectors and compare.",
        discussion: """
            nnnd computes the mean of each image's k largest similarities from the stored vectors, and compares it \
            with the stored mean. It also compares vectors with their checksums. The exit status is 1 if anything is \
            wrong. To repair, ingest images and references with wrong vectors again; 'nnnd rebuild' recomputes codes \
            and means.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: ArgumentHelp("Check this many images, spread over the corpus (default: all).", valueName: "n"))
    var sample: Int?

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard sample ?? 1 > 0 else { throw ValidationError("'--sample' must be 1 or more.") }
    }

    func run() async throws {
        let answer = try await daemon.client.verify(VerifyRequest(sample: sample))
        if json {
            try StandardOutput.write(document: answer.document)
        } else {
            try StandardOutput.write(lines: VerifyView(report: answer.value, style: .output).lines)
        }
        if !answer.value.isClean { throw ExitCode(ExitStatus.faultFound.rawValue) }
    }
}
