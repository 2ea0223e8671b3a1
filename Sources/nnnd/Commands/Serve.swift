import ArgumentParser
import DaemonSupport
import Foundation

/// `nnnd serve`: the daemon.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the daemon: watch the spool, keep the biases exact and answer searches.",
        discussion: """
            Shards renamed into SPOOL/images and SPOOL/references add rows, and replace rows whose ids exist. A list \
            of ids, NAME.delete (UTF-8, one id per line), deletes rows. --max-references and --reference-ttl remove \
            old references. Receipts appear in SPOOL/done, and error documents of rejected shards in SPOOL/failed. \
            SIGTERM and SIGINT stop the daemon.

            Each setting can also be given in the environment (--socket-mode as NNND_SOCKET_MODE) or in the \
            configuration file (socket-mode: "0660"). A flag overrides the environment, and the environment overrides \
            the file.
            """
    )

    /// All settings are options of `nnnd serve`.
    enum AllSettings: SettingSelection {
        static let settings = Setting.all
    }

    @OptionGroup var options: SettingOptions<AllSettings>

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let readSettings = options.settingsReader(environment: environment)
        try await CommandRunner.run {
            // Before anything else is opened: a file with descriptor 3 would be taken for the socket of systemd.
            let inherited = try Activation.socket(environment: environment)
            let daemon = Daemon(environment: environment, settings: try readSettings(), readSettings: readSettings)
            try await daemon.run(inherited: inherited)
        }
    }
}
