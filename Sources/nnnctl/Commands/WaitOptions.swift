import ArgumentParser

/// How long to wait for receipts.
struct WaitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Give up waiting after this time (default: never).", valueName: "seconds"))
    var timeout: Double?

    /// The time; `nil` to wait for ever.
    var limit: Duration? {
        guard let timeout else { return nil }
        return Duration.seconds(timeout)
    }

    func validate() throws {
        guard let timeout else { return }
        guard timeout >= 0, timeout < 1e9 else { throw ValidationError("'--timeout' has to be a number of seconds.") }
    }
}
