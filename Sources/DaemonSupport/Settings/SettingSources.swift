internal import Configuration

/// The sources of settings: flags, environment, configuration file.
///
/// A setting has the value of the first source that has one, in this order.
package struct SettingSources {
    private let sources: [Source]

    private struct Source {
        let provider: any ConfigProvider
        /// The exit status if a value of this source is not allowed.
        let exitCode: Int32
        /// Returns the name of a setting in this source: `--k`, `NNND_K`, `k in /etc/nnnd/nnnd.yaml`.
        let settingName: @Sendable (Setting) -> String
    }

    /// The value of a setting, as text, and where it was found.
    package struct FoundValue {
        package let text: String
        /// The name of the setting in the source of the value: `--k`, `NNND_K`, `k in /etc/nnnd/nnnd.yaml`.
        package let settingName: String
        fileprivate let exitCode: Int32

        /// The error for this value, which is not allowed.
        ///
        /// - Parameter expected: a phrase that describes the allowed values and completes "it must be".
        func error(expected: String) -> ConfigurationError {
            ConfigurationError(description: "\(settingName) is '\(text)'; it must be \(expected)", exitCode: exitCode)
        }
    }

    /// - Parameters:
    ///   - flags: the values on the command line, by ``Setting/name``.
    ///   - environment: the environment of the process.
    ///   - file: the path of the configuration file; `nil` for `/etc/nnnd/nnnd.yaml` if that exists.
    /// - Throws: ``ConfigurationError`` if `file` names a missing file, or if the file is unreadable or invalid.
    package init(flags: [String: String], environment: [String: String], file: String?) throws(ConfigurationError) {
        var sources = [
            Source(provider: Self.provider("flags", flags), exitCode: ConfigurationError.usage, settingName: \.flag),
            // With the prefix, the provider looks up the key socket-mode as NNND_SOCKET_MODE.
            Source(
                provider: EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "nnnd"),
                exitCode: ConfigurationError.configuration, settingName: \.variable),
        ]
        let path = file ?? Self.defaultFile
        if let values = try SettingsFile.read(path, mustExist: file != nil) {
            sources.append(
                Source(
                    provider: Self.provider(path, values), exitCode: ConfigurationError.configuration,
                    settingName: { "\($0.name) in \(path)" }))
        }
        self.sources = sources
    }

    /// The value of `setting` in the first source that has one.
    package func find(_ setting: Setting) throws(ConfigurationError) -> FoundValue? {
        for source in sources {
            let key = AbsoluteConfigKey([setting.name])
            do {
                guard let value = try source.provider.value(forKey: key, type: .string).value,
                    case .string(let text) = value.content
                else { continue }
                return FoundValue(text: text, settingName: source.settingName(setting), exitCode: source.exitCode)
            } catch {
                // All sources hold texts, so no lookup of a text fails. The protocol declares that providers can throw.
                throw ConfigurationError(
                    description: "\(source.settingName(setting)) can't be read as text: \(error)",
                    exitCode: source.exitCode)
            }
        }
        return nil
    }

    private static let defaultFile = "/etc/nnnd/nnnd.yaml"

    /// A provider of `values`, which are keyed by ``Setting/name``.
    private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
        let pairs = values.map { (AbsoluteConfigKey([$0.key]), ConfigValue(.string($0.value), isSecret: false)) }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: pairs))
    }
}
