internal import FoundationEssentials
internal import Glibc

/// What the terminal supports, and whether the user wants colours.
enum Terminal {
    /// Whether a descriptor is a terminal that supports escape sequences.
    static func understandsEscapes(_ descriptor: CInt) -> Bool {
        isatty(descriptor) == 1 && environment["TERM"] ?? "dumb" != "dumb"
    }

    /// Whether the user wants no colours (no-color.org).
    static var forbidsColour: Bool { !(environment["NO_COLOR"] ?? "").isEmpty }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
