internal import IncrementalBias
package import PosixSupport
package import ShardFormats

/// Files that can't be taken out of the spool: a folder that a producer made there, say.
///
/// Each is tried again after some time, twice as long each time and at most a minute, or once it has changed: it must
/// cost the others nothing.
package struct StuckFiles {
    private var files: [String: Stuck] = [:]

    private struct Stuck {
        var entry: FileSystem.Entry?
        var pause: Duration
        var until: ContinuousClock.Instant
    }

    private static let shortest = Duration.seconds(2)
    private static let longest = Duration.seconds(60)
    /// More than these aren't remembered, and so tried again at each look.
    private static let most = 65_536

    /// Whether a file isn't to be tried now.
    package func contains(_ file: WaitingFile) -> Bool { contains(key(file), file.entry) }

    /// The same of a file whose name isn't text.
    package func contains(_ name: FileName, _ kind: VectorRole) -> Bool { contains(key(name, kind), nil) }

    /// Whether a file could not be put away before.
    package func knows(_ file: WaitingFile) -> Bool { files[key(file)]?.entry == file.entry }

    /// The same of a file whose name isn't text.
    package func knows(_ name: FileName, _ kind: VectorRole) -> Bool { files[key(name, kind)] != nil }

    /// Forgets those that nobody has tried again since they could be.
    package mutating func forgetGone() {
        let now = ContinuousClock.now
        files = files.filter { $0.value.until + Self.longest > now }
    }

    /// Seconds until the next of them is to be tried again; `nil` where none waits.
    package var delay: Double? {
        let now = ContinuousClock.now
        return files.values.map { ($0.until - now) / .seconds(1) }.filter { $0 > 0 }.min()
    }

    package mutating func add(_ file: WaitingFile) { add(key(file), file.entry) }

    package mutating func add(_ name: FileName, _ kind: VectorRole) { add(key(name, kind), nil) }

    private func contains(_ key: String, _ entry: FileSystem.Entry?) -> Bool {
        files[key].map { $0.entry == entry && $0.until > .now } ?? false
    }

    private mutating func add(_ key: String, _ entry: FileSystem.Entry?) {
        let now = ContinuousClock.now
        guard files.count < Self.most || files[key] != nil else { return }
        let last = files[key].flatMap { $0.entry == entry ? $0.pause : nil }
        let pause = last.map { min($0 * 2, Self.longest) } ?? Self.shortest
        files[key] = Stuck(entry: entry, pause: pause, until: now + pause)
    }

    private func key(_ file: WaitingFile) -> String {
        "\(file.kind.rawValue)/\(file.isTaken ? "taken" : "waiting")/\(file.name)"
    }

    private func key(_ name: FileName, _ kind: VectorRole) -> String { "\(kind.rawValue)/%/\(name.escaped)" }
}
