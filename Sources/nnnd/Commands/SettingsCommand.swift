import ArgumentParser
import DaemonSupport

/// `nnnd settings`: prints the texts that are generated from the table of settings.
///
/// Developers use it after a change of the table; the help does not list it.
struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "Write the example configuration file or the table of settings in the README.",
        shouldDisplay: false
    )

    /// `yaml`: the example configuration file; `markdown`: the table of settings in README.md.
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
