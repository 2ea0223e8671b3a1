package import PosixSupport

/// Decides when files that could not be claimed or published are tried again.
///
/// The pauses of a file double from 2 s to 60 s. A file that has changed is tried at once. Times (`now`) are
/// ``SpoolTime/uptime``.
package struct RetrySchedule {
    private var failures: [String: Failure] = [:]

    private struct Failure {
        let entry: FileSystem.Entry?
        let pause: Double
        let due: Double
    }

    private static let shortestPause = 2.0
    private static let longestPause = 60.0
    /// The maximum number of recorded files.
    ///
    /// Further files are tried at each scan.
    private static let maximumFiles = 65_536

    /// An empty schedule.
    package init() {}

    /// Whether the next try of the file at `path` is not yet due.
    package func isWaiting(_ path: String, _ entry: FileSystem.Entry?, now: Double) -> Bool {
        failures[path].map { $0.entry == entry && $0.due > now } ?? false
    }

    /// Records that the file at `path` has failed.
    ///
    /// - Parameters:
    ///   - path: the file's path below the spool.
    ///   - entry: the file now; if another entry fails later, its pauses start anew.
    ///   - now: the time of the failure.
    /// - Returns: whether this is the first failure of the file.
    @discardableResult
    package mutating func add(_ path: String, _ entry: FileSystem.Entry?, now: Double) -> Bool {
        let last = failures[path].flatMap { $0.entry == entry ? $0.pause : nil }
        guard failures.count < Self.maximumFiles || failures[path] != nil else { return true }
        let pause = last.map { min($0 * 2, Self.longestPause) } ?? Self.shortestPause
        failures[path] = Failure(entry: entry, pause: pause, due: now + pause)
        return last == nil
    }

    /// Forgets the file at `path`.
    package mutating func remove(_ path: String) {
        failures[path] = nil
    }

    /// Forgets files that have been due for a minute and were not tried: they no longer exist.
    package mutating func removeAbandoned(now: Double) {
        failures = failures.filter { $0.value.due + Self.longestPause > now }
    }

    /// The seconds until the next file is due, without those that are due already; `nil` if no file waits.
    package func delay(now: Double) -> Double? {
        failures.values.map { $0.due - now }.filter { $0 > 0 }.min()
    }
}
