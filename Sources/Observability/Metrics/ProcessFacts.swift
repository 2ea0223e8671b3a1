internal import Foundation
internal import Glibc

/// What the system knows of this process: proc(5) and getrusage(2).
///
/// What can't be read counts as 0.
package struct ProcessFacts {
    package var residentBytes = 0.0
    package var anonymousBytes = 0.0
    package var mappedBytes = 0.0
    package var openDescriptors = 0.0
    package var processorSeconds = 0.0

    /// Looks now.
    package init() {
        for line in Self.read("/proc/self/status").split(separator: "\n") {
            let words = line.split { " \t".contains($0) }
            guard words.count >= 2, let kibibytes = Double(words[1]) else { continue }
            switch words[0] {
            case "VmRSS:": residentBytes = kibibytes * 1024
            case "RssAnon:": anonymousBytes = kibibytes * 1024
            case "RssFile:": mappedBytes = kibibytes * 1024
            default: break
            }
        }
        openDescriptors = Double((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0)
        var usage = rusage()
        if unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            processorSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        }
    }

    private static func read(_ path: String) -> String {
        // A file of proc has no size: it is read to its end.
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
