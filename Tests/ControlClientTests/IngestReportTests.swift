import ControlClient
import Testing

@Suite struct IngestReportTests {
    @Test func aSubmittedShardIsNamed() {
        var report = IngestReport(total: 1)
        #expect(report.message(for: .submitted(name: "a\u{1b}.npy")) == .output("a\\u{1b}.npy: dropped"))
    }

    @Test func aReceiptGivesRowsGenerationAndReplacedRows() {
        var report = IngestReport(total: 2)
        let receipt = Documents.receipt(name: "a.npy", rows: 1200, at: Documents.time)
        #expect(
            report.message(for: .finished(.committed(receipt)))
                == .output("a.npy: 1,200 rows, visible from generation 7 on"))
        let replacing = Documents.receipt(name: "a.npy", rows: 1, replaced: 1, at: Documents.time, unchanged: true)
        #expect(
            report.message(for: .finished(.committed(replacing)))
                == .output("a.npy: unchanged, 1 row, 1 of them replaced, visible from generation 7 on"))
    }

    @Test func aDeletionGivesDeletedAndMissingRows() {
        var report = IngestReport(total: 1)
        let receipt = Documents.receipt(
            name: "a.delete", action: "delete", rows: 3, deleted: 1, missing: 2, at: Documents.time)
        #expect(
            report.message(for: .finished(.committed(receipt)))
                == .output("1 row deleted, 2 not there, visible from generation 7 on"))
    }

    @Test func aRejectionGivesCodeReasonAndRemedy() {
        var report = IngestReport(total: 1)
        let failure = Documents.rejection(name: "a.npy", at: Documents.time)
        #expect(
            report.message(for: .finished(.rejected(failure)))
                == .error("a.npy was rejected (not_finite): Row 3 has a NaN. Leave it out."))
    }

    @Test func theProgressCountsShardsAndRows() {
        var report = IngestReport(total: 3)
        #expect(
            report.message(for: .copying(name: "a.npy"))
                == .progress(done: 0, total: 3, text: "0/3 shards, 0 rows, copying a.npy"))
        _ = report.message(for: .finished(.committed(Documents.receipt(name: "a.npy", rows: 5, at: Documents.time))))
        _ = report.message(for: .finished(.rejected(Documents.rejection(name: "b.npy", at: Documents.time))))
        #expect(
            report.message(for: .waiting(name: "c.npy"))
                == .progress(done: 2, total: 3, text: "2/3 shards, 5 rows, waiting for c.npy"))
    }
}
