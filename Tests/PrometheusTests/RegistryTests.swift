import Metrics
import Prometheus
import Testing

@Suite struct RegistryTests {
    private let registry = Registry([
        Family("shards_total", .counter, "Shards."),
        Family("seconds_total", .counter, "Seconds."),
        Family("backlog", .gauge, "What waits\nwith \\ in it."),
        Family("took_seconds", .histogram([0.1, 1]), "Durations."),
        Family("batch", .histogram([1, 2, 4]), "Sizes."),
    ])

    @Test func familiesWithoutSeriesAreLeftOut() {
        #expect(registry.render() == "")
    }

    @Test func countersAddUpForEachSetOfLabels() {
        Counter(label: "shards_total", dimensions: [("kind", "images")], factory: registry).increment(by: 2)
        Counter(label: "shards_total", dimensions: [("kind", "images")], factory: registry).increment()
        Counter(label: "shards_total", dimensions: [("kind", "b")], factory: registry).increment(by: 0)
        #expect(
            registry.render() == """
                # HELP shards_total Shards.
                # TYPE shards_total counter
                shards_total{kind="b"} 0
                shards_total{kind="images"} 3

                """)
    }

    @Test func countersCanGrowByFractions() {
        let counter = FloatingPointCounter(label: "seconds_total", factory: registry)
        counter.increment(by: 0.25)
        counter.increment(by: 0.5)
        #expect(registry.render().hasSuffix("seconds_total 0.75\n"))
    }

    @Test func labelsAreSortedAndEscaped() {
        // For Swift, a quote with an accent is one `Character`, and so is CR LF. The quote and the LF are escaped all
        // the same.
        let labels = [("b", "a\"b\\c\nd\"\u{301}\r\n"), ("a", "é")]
        Counter(label: "shards_total", dimensions: labels, factory: registry).increment()
        #expect(registry.render().hasSuffix("shards_total{a=\"é\",b=\"a\\\"b\\\\c\\nd\\\"\u{301}\r\\n\"} 1\n"))
    }

    @Test func gaugesKeepTheLastValueAndHelpIsEscaped() {
        Meter(label: "backlog", factory: registry).set(7)
        Recorder(label: "backlog", dimensions: [("x", "y")], aggregate: false, factory: registry).record(0.5)
        #expect(
            registry.render() == """
                # HELP backlog What waits\\nwith \\\\ in it.
                # TYPE backlog gauge
                backlog 7
                backlog{x="y"} 0.5

                """)
    }

    @Test func timersBecomeHistogramsInSeconds() {
        let timer = Timer(label: "took_seconds", factory: registry)
        for milliseconds in [50, 100, 500, 2000] { timer.recordMilliseconds(milliseconds) }
        #expect(
            registry.render() == """
                # HELP took_seconds Durations.
                # TYPE took_seconds histogram
                took_seconds_bucket{le="0.1"} 2
                took_seconds_bucket{le="1"} 3
                took_seconds_bucket{le="+Inf"} 4
                took_seconds_sum 2.65
                took_seconds_count 4

                """)
    }

    @Test func histogramsKeepTheirLabelsBesideTheBound() {
        Recorder(label: "batch", dimensions: [("kind", "images")], factory: registry).record(3)
        let text = registry.render()
        #expect(text.contains("batch_bucket{kind=\"images\",le=\"2\"} 0\n"))
        #expect(text.contains("batch_bucket{kind=\"images\",le=\"4\"} 1\n"))
        #expect(text.contains("batch_sum{kind=\"images\"} 3\n"))
    }

    @Test func countsFromManyThreadsAddUp() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        Counter(label: "shards_total", factory: registry).increment()
                        Recorder(label: "batch", factory: registry).record(1)
                    }
                }
            }
        }
        #expect(registry.render().contains("shards_total 8000\n"))
        #expect(registry.render().contains("batch_count 8000\n"))
    }
}
