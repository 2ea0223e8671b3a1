internal import Configuration
internal import FoundationEssentials
internal import Yams

/// Where settings come from, the first that has one wins: flags, environment, configuration file.
package struct SettingSources {
    private let sources: [Source]

    /// One source, and how it calls a setting.
    private struct Source {
        let provider: any ConfigProvider
        let exitCode: Int32
        let name: @Sendable (Setting) -> String
    }

    /// A value, and who said so.
    package struct Found {
        package let text: String
        /// How its source calls the setting: `--k`, `NNND_K`, `k in /etc/nnnd/nnnd.yaml`.
        package let name: String
        fileprivate let exitCode: Int32

        /// The complaint that it isn't `what`.
        package func mustBe(_ what: String) -> ConfigurationError {
            ConfigurationError(description: "\(name) is '\(text)'; it must be \(what)", exitCode: exitCode)
        }
    }

    /// - Parameters:
    ///   - flags: what the command line says.
    ///   - environment: the process' environment.
    ///   - file: the configuration file; where none is named, `/etc/nnnd/nnnd.yaml` if it is there.
    package init(flags: [Setting: String], environment: [String: String], file: String?) throws {
        var sources = [
            Source(
                provider: Self.provider("flags", flags),
                exitCode: ConfigurationError.usage, name: { "--\($0.rawValue)" }),
            Source(
                provider: EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "nnnd"),
                exitCode: ConfigurationError.configuration, name: { Self.variable($0) }),
        ]
        let path = file ?? Self.defaultFile
        if let provider = try Self.read(path, mustExist: file != nil) {
            sources.append(
                Source(
                    provider: provider, exitCode: ConfigurationError.configuration,
                    name: { "\($0.rawValue) in \(path)" }))
        }
        self.sources = sources
    }

    /// What is said of `setting`, by the first source that says something.
    package func find(_ setting: Setting) throws -> Found? {
        for source in sources {
            let key = AbsoluteConfigKey([setting.rawValue])
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

    private static func provider(_ name: String, _ values: [Setting: String]) -> InMemoryProvider {
        let pairs = values.map {
            (AbsoluteConfigKey([$0.key.rawValue]), ConfigValue(.string($0.value), isSecret: false))
        }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: pairs))
    }

    private static let defaultFile = "/etc/nnnd/nnnd.yaml"

    /// How the environment calls a setting: `NNND_SOCKET_MODE`.
    private static func variable(_ setting: Setting) -> String {
        "NNND_" + setting.rawValue.uppercased().replacing("-", with: "_")
    }

    /// The settings in a YAML file; `nil` where there is no file and need be none, or where it is empty.
    private static func read(_ path: String, mustExist: Bool) throws -> (any ConfigProvider)? {
        guard mustExist || FileManager.default.fileExists(atPath: path) else { return nil }
        func failure(_ text: String) -> ConfigurationError {
            ConfigurationError(
                description: "configuration file \(path): \(text)", exitCode: ConfigurationError.configuration)
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw failure("it can't be read") }
        do {
            guard let root = try Parser(yaml: data).singleRoot(), root.null == nil else { return nil }
            guard let mapping = root.mapping else { throw failure("it must be a list of 'setting: value' lines") }
            var values: [Setting: String] = [:]
            for (key, value) in mapping {
                let name = key.string ?? "?"
                guard let setting = Setting(rawValue: name) else {
                    let known = Setting.allCases.map(\.rawValue).joined(separator: ", ")
                    throw failure("'\(name)' is not a setting; there are \(known)")
                }
                guard let scalar = value.scalar else {
                    throw failure("'\(name)' must be one value, not a list or a group")
                }
                guard values.updateValue(scalar.string, forKey: setting) == nil else {
                    throw failure("'\(name)' stands in it twice")
                }
            }
            return provider(path, values)
        } catch let error as YamlError {
            throw failure("\(error)".split(separator: "\n").joined(separator: " "))
        }
    }
}
