internal import Configuration

/// The sources of settings; of those that have a setting the first one counts: flags, environment, configuration file.
package struct SettingSources {
    private let sources: [Source]

    /// One source.
    private struct Source {
        let provider: any ConfigProvider
        /// The exit status for a bad value of this source.
        let exitCode: Int32
        /// The name of a setting in this source.
        let name: @Sendable (Setting) -> String
    }

    /// A value and its source.
    package struct Found {
        package let text: String
        /// The setting as its source names it: `--k`, `NNND_K`, `k in /etc/nnnd/nnnd.yaml`.
        package let name: String
        fileprivate let exitCode: Int32

        /// The error for a value that is not `expected`.
        func error(expected: String) -> ConfigurationError {
            ConfigurationError(description: "\(name) is '\(text)'; it must be \(expected)", exitCode: exitCode)
        }
    }

    /// - Parameters:
    ///   - flags: the values on the command line, by the names of settings.
    ///   - environment: the environment of the process.
    ///   - file: the path of the configuration file; `nil` for `/etc/nnnd/nnnd.yaml` if that exists.
    /// - Throws: ``ConfigurationError`` where the file can't be used.
    package init(flags: [String: String], environment: [String: String], file: String?) throws(ConfigurationError) {
        var sources = [
            Source(provider: Self.provider("flags", flags), exitCode: ConfigurationError.usage, name: \.flag),
            Source(
                provider: EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "nnnd"),
                exitCode: ConfigurationError.configuration, name: \.variable),
        ]
        let path = file ?? Self.defaultFile
        if let values = try SettingsFile.read(path, mustExist: file != nil) {
            sources.append(
                Source(
                    provider: Self.provider(path, values), exitCode: ConfigurationError.configuration,
                    name: { "\($0.name) in \(path)" }))
        }
        self.sources = sources
    }

    /// The value of `setting` in the first source that has one.
    package func find(_ setting: Setting) throws(ConfigurationError) -> Found? {
        for source in sources {
            let key = AbsoluteConfigKey([setting.name])
            do {
                guard let value = try source.provider.value(forKey: key, type: .string).value,
                    case .string(let text) = value.content
                else { continue }
                return Found(text: text, name: source.name(setting), exitCode: source.exitCode)
            } catch {
                throw ConfigurationError(
                    description: "\(source.name(setting)) must be one value, not a list or a group",
                    exitCode: source.exitCode)
            }
        }
        return nil
    }

    private static let defaultFile = "/etc/nnnd/nnnd.yaml"

    private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
        let pairs = values.map { (AbsoluteConfigKey([$0.key]), ConfigValue(.string($0.value), isSecret: false)) }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: pairs))
    }
}
