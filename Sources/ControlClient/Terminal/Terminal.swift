internal import FoundationEssentials
internal import Glibc

/// What is known of the terminal, if there is one.
package enum Terminal {
    /// Whether a descriptor is a terminal that does more than print characters.
    package static func understandsEscapes(_ descriptor: CInt) -> Bool {
        isatty(descriptor) == 1 && environment["TERM"] ?? "dumb" != "dumb"
    }

    /// Whether the user wants no colours (no-color.org).
    package static var forbidsColour: Bool { !(environment["NO_COLOR"] ?? "").isEmpty }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
