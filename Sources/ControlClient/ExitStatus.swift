/// How the program ends; above 63 as in sysexits.h, above 128 as a shell reports a signal.
package enum ExitStatus: Int32, CaseIterable {
    /// All is well.
    case fine = 0
    /// `verify` found biases that are off.
    case wrongBiases = 1
    /// The command line makes no sense.
    case usage = 64
    /// The daemon, or a check before it, refused the data: a shard, a list of ids, queries, an id.
    case dataRefused = 65
    /// A file to read is missing or unreadable.
    case noInput = 66
    /// The daemon can't be reached.
    case unavailable = 69
    /// A fault of nnnctl's or the daemon's own.
    case internalFault = 70
    /// A file could not be read or written.
    case inputOutput = 74
    /// The time is up, or the daemon is overloaded: try again later.
    case tryAgain = 75
    /// The permissions don't allow it.
    case noPermission = 77
    /// Ended by SIGINT or SIGTERM.
    case interrupted = 130
    /// Nobody reads the output any more.
    case brokenPipe = 141

    /// The list that `--help` shows.
    package static var help: String {
        let lines = allCases.map { status in
            "  " + "\(status.rawValue)".padded(to: 3, alignment: .trailing) + "  " + status.meaning
        }
        return (["EXIT STATUS:"] + lines).joined(separator: "\n")
    }

    private var meaning: String {
        switch self {
        case .fine: "all is well"
        case .wrongBiases: "verify found wrong biases"
        case .usage: "wrong usage"
        case .dataRefused: "data refused: a shard, a list of ids, queries, an unknown id"
        case .noInput: "an input file is missing or unreadable"
        case .unavailable: "nnnd can't be reached"
        case .internalFault: "internal error"
        case .inputOutput: "a file could not be read or written"
        case .tryAgain: "time is up, or nnnd is overloaded: try again later"
        case .noPermission: "permission denied"
        case .interrupted: "interrupted"
        case .brokenPipe: "the reader of the output went away"
        }
    }
}
