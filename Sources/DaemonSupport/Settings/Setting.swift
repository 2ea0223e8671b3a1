/// One setting of the daemon: its names, its texts, and how its text becomes a value of ``DaemonSettings``.
///
/// ``all`` is the only list of settings. Flags, environment variables, the configuration file, the example file, the
/// manual and the answer to a reload follow from it.
package struct Setting: Sendable {
    /// The name in the configuration file: `socket-mode`.
    package let name: String
    /// The word for a value in the help of a command: `number`.
    package let valueName: String
    /// The values that can be chosen; empty where they can't be listed.
    package let choices: [String]
    /// One sentence that says what the setting is, for the help of a command; code stands in backticks.
    package let summary: String
    /// Further sentences, for the example file and the manual.
    package let details: String
    /// The default for a reader: a value in backticks, or a phrase that says what it depends on.
    package let defaultText: String
    /// The value in the example file: the default, or an example where the default depends on the machine.
    package let exampleValue: String
    /// When a new value takes effect.
    package let effect: Effect

    private let assign: @Sendable (String, inout DaemonSettings) -> String?
    private let format: @Sendable (DaemonSettings) -> String
    private let copy: @Sendable (DaemonSettings, inout DaemonSettings) -> Void

    /// When a new value takes effect.
    package enum Effect: Sendable {
        /// At a reload.
        case reload
        /// At a restart.
        case restart
        /// Never: the value is fixed when a store is made.
        case store
    }

    /// - Parameters:
    ///   - name: the name in the configuration file.
    ///   - path: the value's place in ``DaemonSettings``, which has the default.
    ///   - type: how a text becomes a value.
    ///   - effect: when a new value takes effect.
    ///   - summary: one sentence that says what the setting is.
    ///   - details: further sentences.
    ///   - defaultText: the default for a reader, where it depends on something.
    ///   - exampleValue: the value in the example file, where the default can't stand there.
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

    /// Whether the setting is about the listening socket, which systemd can have made.
    var isOfSocket: Bool { name == Self.socket.name || name == Self.socketMode.name }

    /// The value in `settings`, for a reader.
    package func text(in settings: DaemonSettings) -> String { format(settings) }

    /// Sets the value in `settings` from a text.
    ///
    /// - Returns: a description of the values that are allowed, if `text` is not one of them.
    package func set(_ text: String, in settings: inout DaemonSettings) -> String? { assign(text, &settings) }

    /// Copies the value from one set of settings to another.
    func copy(from source: DaemonSettings, to target: inout DaemonSettings) { copy(source, &target) }
}
