import ArgumentParser
import DaemonSupport

/// `nnnd settings`: writes the texts that are made from the table of settings, for the build of nnnd.
struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "Write the example configuration file or the table of settings in the README.",
        shouldDisplay: false
    )

    /// The texts.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case yaml, markdown
    }

    @Option(help: "The text to write.")
    var format: Format

    func run() {
        switch format {
        case .yaml: print(SettingDocuments.yaml, terminator: "")
        case .markdown: print(SettingDocuments.markdown, terminator: "")
        }
    }
}
