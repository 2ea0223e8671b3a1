/// One setting of the daemon: its name, its help texts, and its parser, which sets a property of ``DaemonSettings``.
///
/// ``all`` is the only list of settings. Flags, environment variables, the configuration file, the example file, the
/// manual, the table in README.md and what a reload applies are derived from it.
package struct Setting: Sendable {
    /// The name in the configuration file: `socket-mode`.
    package let name: String
    /// The placeholder for a value in the help of a command: `number` in `--k <number>`.
    package let valueName: String
    /// All allowed values, if the setting is a choice; else empty.
    package let choices: [String]
    /// What the setting is, for the help of a command, the example file and README.md; with code in backticks.
    package let summary: String
    /// Further sentences, for the example file and the manual.
    package let details: String
    /// The default, for the help of a command and README.md: a value in backticks, or a phrase if it is not fixed.
    package let defaultText: String
    /// The value in the example file: the default, or an example if the default is not a fixed value.
    package let exampleValue: String
    /// When a new value takes effect.
    package let effect: Effect

    /// Implements ``set(_:in:)``.
    private let assign: @Sendable (String, inout DaemonSettings) -> String?
    /// Implements ``text(in:)``.
    private let format: @Sendable (DaemonSettings) -> String
    /// Implements ``copy(from:to:)``.
    private let copy: @Sendable (DaemonSettings, inout DaemonSettings) -> Void

    /// When a new value of a setting takes effect.
    package enum Effect: Sendable {
        /// At a reload or a restart.
        case reload
        /// At a restart.
        case restart
        /// Only in a new store: an existing one keeps its value.
        case fixed
    }

    /// - Parameters:
    ///   - name: the name in the configuration file.
    ///   - path: the property of ``DaemonSettings``, whose initial value is the default.
    ///   - type: parses and formats values.
    ///   - effect: when a new value takes effect.
    ///   - summary: what the setting is, in one sentence.
    ///   - details: further sentences.
    ///   - defaultText: describes the default, if it is not a fixed value.
    ///   - exampleValue: the value in the example file, if it is not the default.
    init<Value: Sendable>(
        _ name: String, _ path: any WritableKeyPath<DaemonSettings, Value> & Sendable, _ type: SettingType<Value>,
        _ effect: Effect, _ summary: String, details: String = "", defaultText: String? = nil,
        exampleValue: String? = nil
    ) {
        let standard = type.format(DaemonSettings()[keyPath: path])
        self.name = name
        valueName = type.valueName
        choices = type.choices
        self.summary = summary
        self.details = details
        self.defaultText = defaultText ?? "`\(standard)`"
        self.exampleValue = exampleValue ?? standard
        self.effect = effect
        assign = { text, settings in
            guard let value = type.parse(text, settings) else { return type.expected(settings) }
            settings[keyPath: path] = value
            return nil
        }
        format = { type.format($0[keyPath: path]) }
        copy = { $1[keyPath: path] = $0[keyPath: path] }
    }

    /// The name on the command line: `--socket-mode`.
    package var flag: String { "--\(name)" }

    /// The name in the environment: `NNND_SOCKET_MODE`.
    package var variable: String { "NNND_" + name.uppercased().replacing("-", with: "_") }

    /// Whether the setting is about the listening socket; it has no effect if systemd has created the socket.
    var isOfSocket: Bool { name == Self.socket.name || name == Self.socketMode.name }

    /// The value in `settings` as text, for log lines and comparisons.
    package func text(in settings: DaemonSettings) -> String { format(settings) }

    /// Parses `text` and sets the value in `settings`.
    ///
    /// - Returns: `nil` if `text` is allowed; else a phrase that describes the allowed values, such as "a path".
    package func set(_ text: String, in settings: inout DaemonSettings) -> String? { assign(text, &settings) }

    /// Copies the value from one set of settings to another.
    func copy(from source: DaemonSettings, to target: inout DaemonSettings) { copy(source, &target) }
}
