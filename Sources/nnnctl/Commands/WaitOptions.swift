import ArgumentParser

/// The option that limits how long a command waits for receipts.
struct WaitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Stop waiting after this time (default: never).", valueName: "seconds"))
    var timeout: Double?

    /// The maximum time to wait; `nil` for no limit.
    var limit: Duration? {
        guard let timeout else { return nil }
        return Duration.seconds(timeout)
    }

    func validate() throws {
        guard let timeout else { return }
        guard timeout >= 0, timeout < 1e9 else { throw ValidationError("'--timeout' must be a number of seconds.") }
    }
}
