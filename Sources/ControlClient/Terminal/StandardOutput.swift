package import FoundationEssentials
internal import Glibc

/// Nobody reads standard output any more.
package struct BrokenPipe: Error {}

/// Standard output, unbuffered: an error shows where it happens.
package enum StandardOutput {
    /// Writes each line and its end.
    package static func write(lines: [String]) throws {
        try write(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// Writes a document of the daemon's as it came, with an end of line.
    package static func write(document: Data) throws {
        try write(document.last == UInt8(ascii: "\n") ? document : document + [UInt8(ascii: "\n")])
    }

    private static func write(_ bytes: some Sequence<UInt8>) throws {
        do {
            try OpenFile.write(Array(bytes)[...], to: STDOUT_FILENO, name: "standard output")
        } catch {
            guard error.code == EPIPE else { throw error }
            throw BrokenPipe()
        }
    }
}
