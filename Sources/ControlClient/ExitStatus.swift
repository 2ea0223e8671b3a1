/// The exit statuses of nnnctl: 64 to 77 as in sysexits.h; above 128, 128 + the number of a signal, as in a shell.
package enum ExitStatus: Int32, CaseIterable {
    case success = 0
    /// `verify` found a fault in the store: a wrong bias, code, vector or id.
    case faultFound = 1
    /// The command line is wrong.
    case usage = 64
    /// The daemon rejected data, or nnnctl did so without asking it: a shard, a list of ids, queries, an id.
    case dataRejected = 65
    /// A file that the command line names can't be read, or another file is missing.
    case noInput = 66
    /// The daemon can't be reached.
    case unavailable = 69
    /// A fault of nnnctl or the daemon.
    case internalFault = 70
    /// Another fault of a file or folder: a full disk, for example.
    case inputOutput = 74
    /// A timeout has passed, or the daemon is overloaded: the same command can succeed later.
    case tryAgain = 75
    /// A permission is missing.
    case noPermission = 77
    /// SIGINT or SIGTERM ended the command.
    case interrupted = 130
    /// The program that reads the output (a pager, for example) has ended.
    case brokenPipe = 141

    /// The list of all exit statuses for `--help`.
    package static var help: String {
        let lines = allCases.map { status in
            "  " + "\(status.rawValue)".padded(to: 3, alignment: .trailing) + "  " + status.meaning
        }
        return (["EXIT STATUS:"] + lines).joined(separator: "\n")
    }

    private var meaning: String {
        switch self {
        case .success: "success"
        case .faultFound: "verify found wrong biases, codes, vectors or ids"
        case .usage: "wrong usage"
        case .dataRejected: "data was rejected: a shard, a list of ids, queries, an unknown id"
        case .noInput: "an input file is missing or unreadable"
        case .unavailable: "nnnd can't be reached"
        case .internalFault: "internal error"
        case .inputOutput: "a file could not be read or written"
        case .tryAgain: "time is up, or nnnd is overloaded: try again later"
        case .noPermission: "permission denied"
        case .interrupted: "interrupted"
        case .brokenPipe: "the reader of the output is gone"
        }
    }
}
