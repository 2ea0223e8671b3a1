/// A setting that can't be used: one line for a person, and the exit status that goes with it (sysexits.h).
struct ConfigurationError: Error, CustomStringConvertible {
    let description: String
    let exitCode: Int32

    /// EX_USAGE: the command line is wrong.
    static let usage: Int32 = 64
    /// EX_CONFIG: the environment or the configuration file is wrong.
    static let configuration: Int32 = 78
}
