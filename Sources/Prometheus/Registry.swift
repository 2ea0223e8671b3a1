package import CoreMetrics
internal import Synchronization

/// Keeps metrics in memory and renders them as Prometheus' text format, version 0.0.4.
///
/// A backend for swift-metrics: counters become counters, meters and recorders that don't aggregate become gauges,
/// recorders that do become histograms, and timers histograms in seconds.
///
/// For example:
///
///     let registry = Registry([Family("nnnd_scans_total", .counter, "Scans of all images.")])
///     Counter(label: "nnnd_scans_total", factory: registry).increment()
///     registry.render()
///
/// A metric without a ``Family``, or of another kind than its family, is a programmer error.
package final class Registry: MetricsFactory {
    private let families: [Family]
    private let byName: [String: Int]
    /// For each family its series, by their rendered labels.
    private let series: Mutex<[[String: any Series]]>

    /// - Parameter families: all metrics, in the order in which they are rendered.
    package init(_ families: [Family]) {
        self.families = families
        byName = Dictionary(uniqueKeysWithValues: families.enumerated().map { ($1.name, $0) })
        series = Mutex(families.map { _ in [:] })
    }

    /// All metrics as text, families in the order in which they were described, series by their labels.
    package func render() -> String {
        let series = series.withLock { $0 }
        var text = ""
        for (family, series) in zip(families, series) where !series.isEmpty {
            text += "# HELP \(family.name) \(Text.escapedHelp(family.help))\n"
            text += "# TYPE \(family.name) \(family.kind.name)\n"
            for (labels, one) in series.sorted(by: { $0.key < $1.key }) {
                one.render(name: family.name, labels: labels, into: &text)
            }
        }
        return text
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        make(label, .counter, dimensions) { _ in CounterSeries() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        make(label, .counter, dimensions) { _ in FloatingPointCounterSeries() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        make(label, .gauge, dimensions) { _ in GaugeSeries() }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return make(label, .gauge, dimensions) { _ in GaugeSeries() } }
        return make(label, .histogram([]), dimensions) { HistogramSeries(bounds: $0) }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        make(label, .histogram([]), dimensions) { HistogramSeries(bounds: $0) }
    }

    // Series live as long as the registry: a counter that was removed would begin at zero again.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// The series with these labels, made if it is missing.
    ///
    /// - Parameter new: makes a series from the bounds of the family's buckets.
    private func make<S: Series>(
        _ name: String, _ kind: Family.Kind, _ labels: [(String, String)], new: ([Double]) -> S
    ) -> S {
        guard let index = byName[name] else { preconditionFailure("no family describes \(name)") }
        precondition(families[index].kind.name == kind.name, "\(name) is described as \(families[index].kind.name)")
        let key = Text.labels(labels)
        return series.withLock { series in
            if let found = series[index][key] as? S { return found }
            precondition(series[index][key] == nil, "\(name)\(key) was made as another kind of metric")
            let made = new(families[index].kind.bounds)
            series[index][key] = made
            return made
        }
    }
}
