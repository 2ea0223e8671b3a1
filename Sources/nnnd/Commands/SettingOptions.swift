import ArgumentParser
import DaemonSupport

/// Names the settings that a command has as options.
protocol SettingSelection {
    static var settings: [Setting] { get }
}

/// The options of a command that are settings: one for each setting in `Selection`, and `--config`.
///
/// ArgumentParser finds options by reflection on properties and decodes them by name. Here ``customMirror`` and
/// ``init(from:)`` present the settings to it as if they were properties.
struct SettingOptions<Selection: SettingSelection>: ParsableArguments, CustomReflectable {
    private let config: Option<String?>
    private let options: [(setting: Setting, option: Option<String?>)]

    init() {
        config = Option(
            help: ArgumentHelp(
                "The configuration file, YAML. (default: /etc/nnnd/nnnd.yaml, if it exists; environment: NNND_CONFIG)",
                valueName: "file"), completion: .file())
        options = Selection.settings.map { setting in
            // The texts have code in backticks for documents in Markdown.
            let text = "\(setting.summary) (default: \(setting.defaultText))".filter { $0 != "`" }
            return (
                setting,
                Option(
                    name: .customLong(setting.name), help: ArgumentHelp(text, valueName: setting.valueName),
                    completion: Self.completion(setting))
            )
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        config = try container.decode(Option<String?>.self, forKey: Name(stringValue: "config"))
        options = try Selection.settings.map { setting in
            (setting, try container.decode(Option<String?>.self, forKey: Name(stringValue: setting.name)))
        }
    }

    var customMirror: Mirror {
        let children: [Mirror.Child] = options.map { (label: $0.setting.name, value: $0.option) }
        return Mirror(self, children: [(label: "config", value: config)] + children)
    }

    /// Returns a function that reads the settings from these options, the environment and the configuration file.
    ///
    /// The function reads the file anew at each call. It throws `ConfigurationError` if the file is invalid or a value
    /// is not allowed.
    func settingsReader(environment: [String: String]) -> @Sendable () throws -> DaemonSettings {
        let values = options.compactMap { entry in entry.option.wrappedValue.map { (entry.setting.name, $0) } }
        let flags = Dictionary(uniqueKeysWithValues: values)
        let file = config.wrappedValue ?? environment["NNND_CONFIG"]
        return {
            let sources = try SettingSources(flags: flags, environment: environment, file: file)
            return try DaemonSettings(sources, environment: environment)
        }
    }

    /// What a shell offers as values of the option.
    private static func completion(_ setting: Setting) -> CompletionKind {
        switch setting.valueName {
        case "folder": .directory
        case "path": .file()
        default: setting.choices.isEmpty ? .default : .list(setting.choices)
        }
    }

    /// The name of an option.
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
