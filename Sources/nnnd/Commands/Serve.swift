import ArgumentParser
import DaemonSupport
import Foundation

/// `nnnd serve`: the daemon.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch the spool, keep the biases true and answer searches, until told to stop.",
        discussion: """
            Shards renamed into SPOOL/images and SPOOL/references add rows, and replace rows whose ids exist. A list of \
            ids, NAME.delete (UTF-8, one a line), deletes rows. --max-references and --reference-ttl retire references. \
            Receipts appear in SPOOL/done, reasons for rejections in SPOOL/failed.

            Each setting can also be given in the environment (--socket-mode as NNND_SOCKET_MODE) or in the \
            configuration file (socket-mode: "0660"). A flag overrides the environment, and the environment overrides \
            the file.
            """
    )

    /// `nnnd serve` takes all settings.
    enum AllSettings: SettingSelection {
        static let settings = Setting.all
    }

    @OptionGroup var options: SettingOptions<AllSettings>

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let read = options.reader(environment: environment)
        try await Failure.reporting {
            // Before anything else is opened: a descriptor that systemd did not pass would be taken for its socket.
            let inherited = try Activation.socket(environment: environment)
            try await Daemon(environment: environment, settings: read(), read: read).run(inherited: inherited)
        }
    }
}
