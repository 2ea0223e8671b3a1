package import FoundationEssentials
internal import Glibc
internal import PosixSupport

/// The error where the reader of standard output is gone.
package struct BrokenPipe: Error {
    package init() {}
}

/// Standard output, unbuffered, so that an error shows where it happens.
package enum StandardOutput {
    /// Writes each line and its end.
    package static func write(lines: [String]) throws {
        try write(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// Writes a document of the daemon as it came, with an end of line.
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
