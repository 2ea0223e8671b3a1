import Foundation
import Logging
import Observability
import Synchronization
import Testing

/// The text of log lines.
@Suite struct LogLineTests {
    @Test func fieldsFollowTheMessageByName() {
        #expect(
            LogLine.text("shard committed", ["rows": "1000", "kind": "images"])
                == "shard committed kind=images rows=1000")
    }

    @Test(arguments: [
        ("", "\"\""), ("a b", "\"a b\""), ("a=b", "\"a=b\""), ("say \"x\"", "\"say \\\"x\\\"\""), ("é", "é"),
        ("a\\b c", "\"a\\\\b c\""), ("a\nb", "a\\u{a}b"), ("\u{1b}[0m", "\\u{1b}[0m"),
    ])
    func aValueIsQuotedAndEscapedWhereNeeded(value: String, expected: String) {
        #expect(LogLine.text("m", ["f": value]) == "m f=\(expected)")
    }

    @Test func aLineFeedInAMessageIsEscaped() {
        #expect(LogLine.text("a\nb", [:]) == "a\\u{a}b")
    }

    @Test(arguments: [
        (Logger.Level.trace, "<7>"), (.debug, "<7>"), (.info, "<6>"), (.notice, "<5>"), (.warning, "<4>"),
        (.error, "<3>"),
        (.critical, "<2>"),
    ])
    func theJournalGetsPriorities(level: Logger.Level, prefix: String) {
        #expect(LogLine.prefix(level, isJournal: true) == prefix)
    }

    @Test func outsideTheJournalALineBeginsWithTimeAndLevel() throws {
        let words = LogLine.prefix(.error, isJournal: false).split(separator: " ")
        #expect(words.count == 2 && words[1] == "error:")
        #expect(throws: Never.self) { try Date(String(words[0]), strategy: .iso8601) }
    }

    @Test func anotherDeviceOrInodeIsNotTheJournal() {
        #expect(!LogOutput.isJournal([:]))
        #expect(!LogOutput.isJournal(["JOURNAL_STREAM": "0:0"]))
    }
}

/// The levels and fields of a logger.
@Suite struct LineLogHandlerTests {
    private let lines = Lines()
    private let threshold = LogThreshold(.info)

    private func logger() -> Logger {
        let handler = LineLogHandler(threshold: threshold, isJournal: true) { [lines] in lines.add($0) }
        return Logger(label: "test", factory: { _ in handler })
    }

    @Test func aChangeOfTheThresholdHoldsForLoggersThatExist() {
        let logger = logger()
        logger.debug("one")
        threshold.level = .debug
        logger.debug("two")
        threshold.level = .error
        logger.warning("three")
        #expect(lines.all == ["<7>two"])
    }

    /// A line is written if it reaches the level of its logger and the threshold of all loggers.
    @Test func aLoggerCanHaveAHigherLevel() {
        var logger = logger()
        logger.logLevel = .warning
        logger.info("one")
        logger.warning("two")
        threshold.level = .critical
        logger.error("three")
        #expect(lines.all == ["<4>two"])
    }

    @Test func fieldsOfTheEventOverrideThoseOfTheLogger() {
        var logger = logger()
        logger[metadataKey: "a"] = "1"
        logger[metadataKey: "b"] = "2"
        logger.info("m", metadata: ["b": "3"])
        #expect(lines.all == ["<6>m a=1 b=3"])
        #expect(logger[metadataKey: "a"] == "1")
    }
}

/// Lines that any thread adds.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
