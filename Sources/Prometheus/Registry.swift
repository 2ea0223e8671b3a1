package import CoreMetrics
internal import Synchronization

/// A backend for swift-metrics that keeps metrics in memory and renders them in Prometheus' text format, version 0.0.4.
///
/// Counters become counters. Meters, and recorders that don't aggregate, become gauges. Recorders that aggregate become
/// histograms, and timers become histograms in seconds.
///
/// For example:
///
///     let registry = Registry([Family("nnnd_scans_total", .counter, "Scans of all images.")])
///     Counter(label: "nnnd_scans_total", factory: registry).increment()
///     registry.render()
///
/// A metric that no ``Family`` describes, or whose kind differs from that of its family, is a programmer error.
package final class Registry: MetricsFactory {
    private let families: [Family]
    /// The index of each family in ``families``, by its name.
    private let indexes: [String: Int]
    /// For each family its series, by their labels in the text format.
    private let series: Mutex<[[String: any Series]]>

    /// - Parameter families: all metrics, in the order in which they are rendered.
    package init(_ families: [Family]) {
        self.families = families
        indexes = Dictionary(uniqueKeysWithValues: families.enumerated().map { ($1.name, $0) })
        series = Mutex(families.map { _ in [:] })
    }

    /// All metrics as text: families in the order of `init`, the series of a family sorted by their labels.
    package func render() -> String {
        let series = series.withLock { $0 }
        var text = ""
        for (family, series) in zip(families, series) where !series.isEmpty {
            text += "# HELP \(family.name) \(Text.escapedHelp(family.help))\n"
            text += "# TYPE \(family.name) \(family.kind.name)\n"
            for (labels, values) in series.sorted(by: { $0.key < $1.key }) {
                values.render(name: family.name, labels: labels, into: &text)
            }
        }
        return text
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        findOrCreate(label, .counter, dimensions) { _ in CounterSeries() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        findOrCreate(label, .counter, dimensions) { _ in FloatingPointCounterSeries() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        findOrCreate(label, .gauge, dimensions) { _ in GaugeSeries() }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return findOrCreate(label, .gauge, dimensions) { _ in GaugeSeries() } }
        return findOrCreate(label, .histogram([]), dimensions) { HistogramSeries(bounds: $0) }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        findOrCreate(label, .histogram([]), dimensions) { HistogramSeries(bounds: $0) }
    }

    // Series live as long as the registry: a counter that was removed and created again would begin at zero.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// The series with these labels, which is created if it does not exist.
    ///
    /// - Parameter create: creates a series from the bounds of the family's buckets.
    private func findOrCreate<S: Series>(
        _ name: String, _ kind: Family.Kind, _ labels: [(String, String)], create: ([Double]) -> S
    ) -> S {
        guard let index = indexes[name] else { preconditionFailure("no family describes \(name)") }
        precondition(families[index].kind.name == kind.name, "\(name) is described as \(families[index].kind.name)")
        let key = Text.labels(labels)
        return series.withLock { series in
            if let found = series[index][key] as? S { return found }
            precondition(series[index][key] == nil, "\(name)\(key) was made as another kind of metric")
            let created = create(families[index].kind.bounds)
            series[index][key] = created
            return created
        }
    }
}
