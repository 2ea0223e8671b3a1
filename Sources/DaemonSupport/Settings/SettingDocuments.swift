/// The texts that are made from the table of settings: the example configuration file and the table in README.md.
package enum SettingDocuments {
    /// The example configuration file, `systemd/nnnd.yaml`, in which every setting is commented out.
    ///
    /// The manual page nnnd.yaml(5) is made from it.
    package static var yaml: String {
        yamlHeader
            + Setting.all.map { setting in
                let words = marks(setting).map { "[\($0)]" } + [setting.summary, setting.details]
                return "\n" + wrapped(words.filter { !$0.isEmpty }.joined(separator: " "))
                    + "#\(setting.name): \(setting.exampleValue)\n"
            }.joined()
    }

    /// The rows of the table of settings in README.md.
    package static var markdown: String {
        "| setting | default | |\n|---|---|---|\n"
            + Setting.all.map { setting in
                let marks = marks(setting).map { " (\($0 == "store" ? "fixed" : $0))" }.joined()
                return "| `\(setting.name)`\(marks) | \(setting.defaultText) | \(setting.summary) |\n"
            }.joined()
    }

    private static let yamlHeader = """
        # Settings of nnnd, in /etc/nnnd/nnnd.yaml (for nnnd@NAME.service in /etc/nnnd/NAME.yaml). Every setting has a default,
        # which stands here behind a '#'. A flag of `nnnd serve` overrides the environment (NNND_SOCKET_MODE=0600 for
        # socket-mode), and the environment overrides this file.
        #
        # `systemctl reload nnnd` applies the settings marked [reload]. The others take effect at a restart, and the log
        # names them. Settings marked [store] are fixed when a store is made: another value needs a new data folder and all
        # shards again (another capacity needs only `nnnd rebuild`).

        """

    /// Marks of a setting that is not applied by a restart alone.
    private static func marks(_ setting: Setting) -> [String] {
        switch setting.effect {
        case .reload: ["reload"]
        case .store: ["store"]
        case .restart: []
        }
    }

    /// Lines of at most 120 characters that begin with `# `.
    private static func wrapped(_ text: String) -> String {
        var lines = [""]
        for word in text.split(separator: " ") {
            let line = lines[lines.count - 1]
            if line.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if line.count + word.count + 3 <= 120 {
                lines[lines.count - 1] = "\(line) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.map { "# \($0)\n" }.joined()
    }
}
