/// The texts that are generated from ``Setting/all``: the example configuration file and the table in README.md.
///
/// `nnnd settings --format yaml` and `--format markdown` print them, and tests compare them with the two files.
package enum SettingDocuments {
    /// The example configuration file, `systemd/nnnd.yaml`, in which every setting is commented out.
    ///
    /// The manual page nnnd.yaml(5) is generated from this file.
    package static var yaml: String {
        yamlHeader
            + Setting.all.map { setting in
                let words = marks(setting).map { "[\($0)]" } + [setting.summary, setting.details]
                return "\n" + wrapped(words.filter { !$0.isEmpty }.joined(separator: " "))
                    + "#\(setting.name): \(setting.exampleValue)\n"
            }.joined()
    }

    /// The table of settings in README.md.
    package static var markdown: String {
        "| setting | default | |\n|---|---|---|\n"
            + Setting.all.map { setting in
                let marks = marks(setting).map { " (\($0))" }.joined()
                return "| `\(setting.name)`\(marks) | \(setting.defaultText) | \(setting.summary) |\n"
            }.joined()
    }

    private static let yamlHeader = """
        # Settings of nnnd, in /etc/nnnd/nnnd.yaml (for nnnd@NAME.service in /etc/nnnd/NAME.yaml). All lines are comments and
        # show the defaults, except threads, max-references, reference-ttl, sample-queries, sampled-reference-ttl and
        # sample-client-share, which show examples. A flag of `nnnd serve` overrides the environment
        # (NNND_SOCKET_MODE=0600 for socket-mode), and the environment overrides this file.
        #
        # `systemctl reload nnnd` applies the settings marked [reload]. The others take effect at a restart; the log of a
        # reload names those that have changed. Settings marked [fixed] are fixed when a store is created: another value
        # needs a new data folder, into which all shards must be ingested again. (For another capacity `nnnd rebuild` is
        # enough.)

        """

    /// The marks of a setting: `reload` or `fixed`; none if it takes effect at a restart.
    private static func marks(_ setting: Setting) -> [String] {
        switch setting.effect {
        case .reload: ["reload"]
        case .fixed: ["fixed"]
        case .restart: []
        }
    }

    /// The text as comment lines of at most 120 characters, which begin with `# `.
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
