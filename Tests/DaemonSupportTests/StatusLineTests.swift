import DaemonSupport
import Testing

/// The line of `systemctl status`.
@Suite struct StatusLineTests {
    @Test(arguments: [
        (0, "0 images, 0 references, generation 0; no shard waits"),
        (1, "0 images, 0 references, generation 0; 1 shard waits"),
        (1234, "0 images, 0 references, generation 0; 1,234 shards wait"),
    ])
    func theBacklogIsCounted(backlog: Int, line: String) {
        #expect("\(StatusLine(images: 0, references: 0, generation: 0, backlog: backlog))" == line)
    }

    @Test func numbersAreGroupedByThousands() {
        let line = StatusLine(images: 999, references: 1_000_000, generation: 12_345, backlog: 0)
        #expect("\(line)" == "999 images, 1,000,000 references, generation 12,345; no shard waits")
    }
}
