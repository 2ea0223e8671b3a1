/// A setting that can't be used: one line for the operator, and the exit status (sysexits.h).
package struct ConfigurationError: Error, CustomStringConvertible {
    /// The setting, its value and the values that are allowed, without a line break.
    package let description: String
    package let exitCode: Int32

    /// EX_USAGE: the command line is wrong.
    package static let usage: Int32 = 64
    /// EX_CONFIG: the environment or the configuration file is wrong.
    package static let configuration: Int32 = 78
}
