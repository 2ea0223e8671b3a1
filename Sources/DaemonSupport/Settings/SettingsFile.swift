internal import FoundationEssentials
internal import Yams

/// Reads the configuration file, a YAML mapping with lines `setting: value`.
enum SettingsFile {
    /// The values in a file as texts, by ``Setting/name``.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - mustExist: whether a missing file is an error.
    /// - Returns: `nil` if the file is missing or sets nothing.
    /// - Throws: ``ConfigurationError`` if the file can't be read or is not YAML, or if it has an unknown setting, a
    ///   setting twice, or a list or a mapping as a value.
    static func read(_ path: String, mustExist: Bool) throws(ConfigurationError) -> [String: String]? {
        guard mustExist || FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else { throw error(path, "it can't be read") }
        let root: Node?
        do {
            root = try Parser(yaml: data).singleRoot()
        } catch {
            throw Self.error(path, "\(error)".split(separator: "\n").joined(separator: " "))
        }
        guard let root, root.null == nil else { return nil }
        guard let mapping = root.mapping else { throw error(path, "it must be a list of 'setting: value' lines") }
        var values: [String: String] = [:]
        for (key, value) in mapping {
            let name = key.string ?? "?"
            guard Setting.all.contains(where: { $0.name == name }) else {
                let known = Setting.all.map { $0.name }.joined(separator: ", ")
                throw error(path, "'\(name)' is not a setting; the settings are \(known)")
            }
            guard let scalar = value.scalar else {
                throw error(path, "'\(name)' must be one value, not a list or a group")
            }
            guard values.updateValue(scalar.string, forKey: name) == nil else {
                throw error(path, "'\(name)' is in it twice")
            }
        }
        return values
    }

    /// The error of the file at `path`; `text` says what is wrong with it.
    private static func error(_ path: String, _ text: String) -> ConfigurationError {
        ConfigurationError(
            description: "configuration file \(path): \(text)", exitCode: ConfigurationError.configuration)
    }
}
