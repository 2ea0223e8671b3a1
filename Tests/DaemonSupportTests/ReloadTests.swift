import DaemonSupport
import Foundation
import IncrementalBias
import Logging
import Observability
import Synchronization
import Testing
import UnixSignals

/// What a reload applies, and what it reports.
@Suite struct ReloadTests {
    /// Another value than the default for each setting.
    private static let others = [
        "spool": "/x", "data": "/x", "socket": "/x", "socket-mode": "0600", "k": "100", "capacity": "200",
        "alpha": "0.5", "recall": "0.9", "cells-from": "5", "metric": "inner-product", "precision": "float16",
        "threads": "1023",
        "finished-shards": "delete", "largest-shard": "1MiB", "map-size": "1GiB", "npy-v2": "bfloat16",
        "heap-check-share": "0.5", "max-references": "5", "reference-ttl": "1d", "sample-queries": "5%",
        "sample-delay": "1s", "max-sampled-references": "5", "sampled-reference-ttl": "1d",
        "sample-client-share": "50%",
        "change-log-age": "1d", "change-log-size": "1MiB", "quiet-seconds": "1", "list-quiet-seconds": "1",
        "rescan-seconds": "1", "client-seconds": "1",
        "log-level": "debug",
    ]

    @Test(arguments: Setting.all.indices) func aReloadAppliesTheSettingsThatTheExampleFileMarks(index: Int) throws {
        let setting = Setting.all[index]
        var wanted = DaemonSettings()
        #expect(setting.set(try #require(Self.others[setting.name]), in: &wanted) == nil)
        let live = LiveSettings(DaemonSettings())
        let reload = live.apply(wanted)
        let block = try #require(
            SettingDocuments.yaml.components(separatedBy: "\n\n").first { $0.contains("\n#\(setting.name): ") })
        let isMarked = block.hasPrefix("# [reload] ")
        #expect(reload.changed.map(\.name) == (isMarked ? [setting.name] : []))
        #expect(reload.needRestart.map(\.name) == (isMarked ? [] : [setting.name]))
        let expected = isMarked ? wanted : DaemonSettings()
        #expect(setting.text(in: live.current) == setting.text(in: expected))
    }

    @Test func anotherReloadWithTheSameSettingsChangesNothing() {
        var wanted = DaemonSettings()
        wanted.alpha = 0.5
        let live = LiveSettings(DaemonSettings())
        #expect(live.apply(wanted).changed.count == 1)
        let again = live.apply(wanted)
        #expect(again.changed.isEmpty && again.needRestart.isEmpty)
    }

    /// Reloads once.
    ///
    /// - Returns: the lines that the reload logs, the number of calls of `applied`, and the settings afterwards.
    private func reload(
        isSocketActivated: Bool = false, prepare: @escaping @Sendable (DaemonSettings) async throws -> Void = { _ in },
        _ readSettings: @escaping @Sendable () throws -> DaemonSettings
    ) async throws -> (lines: [String], applied: Int, live: LiveSettings) {
        let lines = Lines()
        let applied = Lines()
        let handler = LineLogHandler(threshold: LogThreshold(.info), isJournal: true) { lines.add($0) }
        let live = LiveSettings(DaemonSettings())
        // The service waits for a signal that nobody sends; the test calls `reload` itself.
        let service = ReloadService(
            hangups: await UnixSignalsSequence(trapping: .sigalrm), readSettings: readSettings, live: live,
            isSocketActivated: isSocketActivated, notifySocket: try NotifySocket(environment: [:]),
            metrics: DaemonMetrics(), prepare: prepare, applied: { applied.add("") },
            logger: Logger(label: "test", factory: { _ in handler }))
        await service.reload()
        return (lines.all, applied.all.count, live)
    }

    @Test func theLogNamesWhatChangedAndWhatNeedsARestart() async throws {
        let (lines, applied, live) = try await reload {
            var wanted = DaemonSettings()
            (wanted.alpha, wanted.threads, wanted.socket) = (0.5, 1023, "/x")
            return wanted
        }
        #expect(
            lines == [
                "<5>settings changed alpha=0.5",
                "<4>settings that take effect at a restart only settings=\"socket, threads\"",
            ])
        #expect((applied, live.current.alpha, live.current.socket) == (1, 0.5, DaemonSettings().socket))
    }

    @Test func theSocketOfSystemdIsReportedAsSuch() async throws {
        let (lines, _, _) = try await reload(isSocketActivated: true) {
            var wanted = DaemonSettings()
            (wanted.socketMode, wanted.threads) = (0o600, 1023)
            return wanted
        }
        #expect(lines.count == 2)
        #expect(lines[0].hasSuffix("settings=threads"))
        #expect(lines[1].contains("systemd made the socket") && lines[1].hasSuffix("settings=socket-mode"))
    }

    @Test func withoutDifferencesTheLogSaysSo() async throws {
        let (lines, applied, _) = try await reload { DaemonSettings() }
        #expect(lines == ["<5>settings read again: nothing has changed"])
        #expect(applied == 1)
    }

    @Test func settingsThatCanNotBePreparedChangeNothing() async throws {
        let (lines, applied, live) = try await reload(
            prepare: { throw StoreError.kBeyondCapacity(k: $0.k, capacity: 160) },
            {
                var wanted = DaemonSettings()
                (wanted.alpha, wanted.k) = (0.5, 500)
                return wanted
            })
        #expect(lines.count == 1 && lines[0].contains("500") && lines[0].contains("160"))
        #expect((applied, live.current.alpha, live.current.k) == (0, 0.75, 128))
    }

    @Test func settingsThatCanNotBeReadChangeNothing() async throws {
        struct Unreadable: Error {}
        let (lines, applied, live) = try await reload { throw Unreadable() }
        #expect(lines.count == 1 && lines[0].hasPrefix("<3>the settings stay as they were"))
        #expect((applied, live.current.alpha) == (0, 0.75))
    }
}

/// Lines that any thread adds.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
