package import FoundationEssentials
internal import Glibc
internal import PosixSupport

/// The error if the program that reads standard output has ended (EPIPE).
package struct BrokenPipe: Error {
    package init() {}
}

/// Writes to standard output without a buffer, so that each write reports its own error.
package enum StandardOutput {
    /// Writes lines, each followed by a line feed.
    package static func write(lines: [String]) throws {
        try write(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// Writes a document of the daemon unchanged, with a line feed at its end.
    package static func write(document: Data) throws {
        try write(document.last == UInt8(ascii: "\n") ? document : document + [UInt8(ascii: "\n")])
    }

    private static func write(_ bytes: some Sequence<UInt8>) throws {
        do {
            try DescriptorIO.write(Array(bytes)[...], to: STDOUT_FILENO, name: "standard output")
        } catch {
            guard error.number == EPIPE else { throw error }
            throw BrokenPipe()
        }
    }
}
