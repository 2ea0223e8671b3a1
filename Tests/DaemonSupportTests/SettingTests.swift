import DaemonSupport
import Foundation
import Testing

/// Which values each setting accepts, and the texts that are generated from the table of settings.
@Suite struct SettingTests {
    /// For each setting: accepted texts with the text of the resulting value, and rejected texts.
    static let cases: [String: (good: [String: String], bad: [String])] = [
        "spool": (["/a": "/a"], ["", "a\0b"]),
        "data": (["/a/b": "/a/b"], [""]),
        "socket": (["/a/s": "/a/s"], [""]),
        // Written as 0 and the octal digits.
        "socket-mode": (["0600": "0600", "666": "0666", "0": "00"], ["0888", "rw", "07777", "-1", ""]),
        "k": (["1": "1", "65536": "65536"], ["0", "65537", "1.5", "many", "", "99999999999999999999", "1e3", " 5"]),
        // At least k, which has its default, 128.
        "capacity": (["128": "128", "131072": "131072"], ["0", "127", "131073", "abc"]),
        "alpha": (["0": "0", "0.75": "0.75", "1000": "1000", "1e2": "100"], ["-0.1", "nan", "inf", "", "1001"]),
        "cells-from": (["0": "0", "250000": "250000"], ["-1", "off", "1.5", ""]),
        "recall": (["0.5": "0.5", "0.99": "0.99", "1": "1"], ["0", "0.49", "nan", "", "1.01"]),
        "metric": (["cosine": "cosine", "inner-product": "inner-product"], ["euclidean", "Cosine", ""]),
        "precision": (["float32": "float32", "float16": "float16"], ["float64", "int8"]),
        "threads": (["1": "1", "1024": "1024"], ["0", "-2", "x", "1025"]),
        "finished-shards": (["move": "move", "delete": "delete"], ["keep", "true"]),
        "largest-shard": (
            ["1": "1", "1024": "1KiB", "512MiB": "512MiB", "1 GiB": "1GiB", "1TiB": "1TiB", "1025": "1025"],
            ["0", "-1", "1GB", "GiB", "1.5GiB", "2TiB", "99999999999GiB"]
        ),
        "map-size": (["1MiB": "1MiB", "1TiB": "1TiB", "64TiB": "64TiB"], ["0", "1023KiB", "65TiB", "much"]),
        "npy-v2": (["reject": "reject", "bfloat16": "bfloat16"], ["float16", "BFLOAT16", "true", ""]),
        "heap-check-share": (["0": "0", "0.05": "0.05", "1": "1"], ["-0.1", "1.1", "nan", "5%", ""]),
        "max-references": (["1": "1", "9223372036854775807": "9223372036854775807"], ["0", "-1", "all"]),
        "reference-ttl": (
            ["90": "90s", "90s": "90s", "15m": "15m", "12h": "12h", "30d": "30d", "0.5s": "0.5s", "24h": "1d"],
            ["0", "-1d", "1w", "d", "nan", ""]
        ),
        "sample-queries": (
            ["5%": "5%", "0.5%": "0.5%", "100%": "100%", "60/min": "60/min", "1e3/min": "1000/min"],
            ["0%", "101%", "5", "/min", "0/min", "60/s", "nan%", "off", ""]
        ),
        "sample-delay": (["0.1s": "0.1s", "1m": "1m"], ["0", "-1s", "soon"]),
        "max-sampled-references": (["1": "1", "1000000": "1000000"], ["0", "1000001", "all"]),
        "sampled-reference-ttl": (["7d": "7d"], ["0", "-1d", "1w"]),
        "sample-client-share": (["25%": "25%", "100%": "100%", "0.1%": "0.1%"], ["0%", "101%", "0.25", ""]),
        "change-log-age": (["7d": "7d", "90s": "90s"], ["0", "-1d", "1w"]),
        "change-log-size": (["0": "0", "1GiB": "1GiB", "1000": "1000"], ["-1", "2TiB", "all"]),
        "quiet-seconds": (["0": "0", "0.1": "0.1", "86400": "86400"], ["-1", "soon", "nan", "86401"]),
        "list-quiet-seconds": (["0": "0", "0.1": "0.1", "86400": "86400"], ["-1", "soon", "nan", "86401"]),
        "rescan-seconds": (["0.1": "0.1"], ["0", "-5", "never"]),
        "client-seconds": (["0.1": "0.1", "60": "60"], ["0", "-5", "never"]),
        "log-level": (["trace": "trace", "critical": "critical"], ["loud", ""]),
    ]

    @Test func everySettingHasCases() {
        #expect(Set(Setting.all.map(\.name)) == Set(Self.cases.keys))
        #expect(Set(Setting.all.map(\.name)).count == Setting.all.count)
    }

    @Test(arguments: Setting.all.indices) func aSettingAcceptsItsValuesAndNoOthers(index: Int) throws {
        let setting = Setting.all[index]
        let (good, bad) = try #require(Self.cases[setting.name])
        for (text, value) in good {
            var settings = DaemonSettings()
            #expect(setting.set(text, in: &settings) == nil)
            #expect(setting.text(in: settings) == value)
        }
        for text in bad {
            var settings = DaemonSettings()
            let before = setting.text(in: settings)
            #expect(setting.set(text, in: &settings)?.isEmpty == false, "\(setting.name) takes '\(text)'")
            #expect(setting.text(in: settings) == before)
        }
    }

    @Test func aRelativePathCountsFromTheWorkingFolder() {
        var settings = DaemonSettings()
        #expect(Setting.all[0].set("here", in: &settings) == nil)
        #expect(settings.spool == FileManager.default.currentDirectoryPath + "/here")
    }

    @Test func theFlagAndTheVariableAreDerivedFromTheName() throws {
        let setting = try #require(Setting.all.first { $0.name == "socket-mode" })
        #expect((setting.flag, setting.variable) == ("--socket-mode", "NNND_SOCKET_MODE"))
    }

    @Test func everySettingIsExplainedInASentence() {
        for setting in Setting.all {
            #expect(setting.summary.hasSuffix("."), "\(setting.name)")
            #expect(setting.details.isEmpty || setting.details.hasSuffix("."), "\(setting.name)")
            #expect(!setting.valueName.isEmpty)
        }
    }

    @Test func theExampleFileIsTheGeneratedOne() throws {
        let text = try String(contentsOf: Self.project.appending(path: "systemd/nnnd.yaml"), encoding: .utf8)
        #expect(text == SettingDocuments.yaml, "write it by: nnnd settings --format yaml")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test func theTableInTheReadmeIsTheGeneratedOne() throws {
        let text = try String(contentsOf: Self.project.appending(path: "README.md"), encoding: .utf8)
        #expect(text.contains(SettingDocuments.markdown), "write it by: nnnd settings --format markdown")
    }

    private static let project = URL(filePath: #filePath).appending(path: "../../..").standardized
}
