import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing

@Suite final class RetryScheduleTests {
    private let spool: TestSpool
    private let entry: FileSystem.Entry
    private var schedule = RetrySchedule()

    init() throws {
        spool = try TestSpool()
        try spool.drop("a.npy", npy(1))
        entry = try #require(try spool.entry(spool.folders.incoming(.images), "a.npy"))
    }

    @Test func pausesDoubleFrom2To60Seconds() {
        var now = 100.0
        for pause in [2.0, 4, 8, 16, 32, 60, 60] {
            let isFirst = schedule.add("a", entry, now: now)
            #expect(isFirst == (now == 100))
            #expect(schedule.isWaiting("a", entry, now: now + pause - 0.001))
            #expect(!schedule.isWaiting("a", entry, now: now + pause))
            #expect(schedule.delay(now: now) == pause)
            now += pause
        }
    }

    @Test func aChangedFileIsTriedAtOnceAndBeginsAnew() throws {
        schedule.add("a", entry, now: 0)
        schedule.add("a", entry, now: 2)
        try spool.drop("a.npy", npy(2))
        let changed = try #require(try spool.entry(spool.folders.incoming(.images), "a.npy"))
        #expect(!schedule.isWaiting("a", changed, now: 3))
        let isFirst = schedule.add("a", changed, now: 3)
        #expect(isFirst)
        #expect(!schedule.isWaiting("a", changed, now: 5))
    }

    @Test func aRemovedFileIsForgotten() {
        schedule.add("a", entry, now: 0)
        schedule.remove("a")
        #expect(!schedule.isWaiting("a", entry, now: 1))
        #expect(schedule.delay(now: 0) == nil)
    }

    @Test func aFileIsForgottenWhenItHasBeenDueForAMinute() {
        schedule.add("a", nil, now: 0)
        // It has been due since 2.
        schedule.removeAbandoned(now: 61)
        var isFirst = schedule.add("a", nil, now: 61)
        #expect(!isFirst)
        // It has been due since 65, after a pause of 4 s.
        schedule.removeAbandoned(now: 126)
        isFirst = schedule.add("a", nil, now: 126)
        #expect(isFirst)
    }

    @Test func theDelayEndsWhenTheNextFileIsDue() {
        schedule.add("a", nil, now: 0)
        schedule.add("b", nil, now: 1)
        #expect(schedule.delay(now: 1) == 1)
        // "a" is due already.
        #expect(schedule.delay(now: 2) == 1)
        #expect(schedule.delay(now: 3) == nil)
    }

    @Test func filesBeyondTheLimitAreNotRecorded() {
        for number in 0..<65_536 { schedule.add("\(number)", nil, now: 0) }
        schedule.add("one more", nil, now: 0)
        #expect(!schedule.isWaiting("one more", nil, now: 1))
        #expect(schedule.isWaiting("0", nil, now: 1))
    }
}
