internal import Foundation
internal import Glibc

/// The resources that this process uses: proc(5) and getrusage(2).
///
/// A value that can't be read is 0. The values are `Double`, as metrics are.
package struct ProcessUsage {
    /// Resident memory, mapped files included.
    package private(set) var residentBytes = 0.0
    /// Resident memory that belongs to the process alone.
    package private(set) var anonymousBytes = 0.0
    /// Resident memory of mapped files.
    package private(set) var mappedBytes = 0.0
    package private(set) var openDescriptors = 0.0
    /// Processor time in user and kernel mode.
    package private(set) var processorSeconds = 0.0

    /// Reads the current values.
    package init() {
        for line in Self.text(of: "/proc/self/status").split(separator: "\n") {
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

    private static func text(of path: String) -> String {
        // Files of proc(5) report size 0, so the file is read to its end.
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
