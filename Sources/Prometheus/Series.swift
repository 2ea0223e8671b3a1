internal import CoreMetrics
internal import Synchronization

/// The values of one metric with one set of labels (in Prometheus' terms a time series).
protocol Series: AnyObject, Sendable {
    /// Appends the lines of this series in the text format; `labels` is the result of ``Text/labels(_:)``.
    func render(name: String, labels: String, into text: inout String)
}

/// A whole number that only grows.
final class CounterSeries: Series, CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { value.add(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }

    func render(name: String, labels: String, into text: inout String) {
        text += "\(name)\(labels) \(value.load(ordering: .relaxed))\n"
    }
}

/// A number that only grows, also by fractions.
final class FloatingPointCounterSeries: Series, FloatingPointCounterHandler {
    private let value = Mutex(0.0)

    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func reset() { value.withLock { $0 = 0 } }

    func render(name: String, labels: String, into text: inout String) {
        text += "\(name)\(labels) \(Text.number(value.withLock { $0 }))\n"
    }
}

/// The last value that was set.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }

    func render(name: String, labels: String, into text: inout String) {
        text += "\(name)\(labels) \(Text.number(value.withLock { $0 }))\n"
    }
}

/// The number of values in each bucket, and their sum.
final class HistogramSeries: Series, RecorderHandler, TimerHandler {
    private struct State {
        /// The number of values in each bucket (not cumulative); the last bucket has no upper bound.
        var counts: [Int]
        var sum = 0.0
    }
    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds must rise")
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func render(name: String, labels: String, into text: inout String) {
        let state = state.withLock { $0 }
        var total = 0
        for (bound, count) in zip(bounds.map(Text.number) + ["+Inf"], state.counts) {
            total += count
            text += "\(name)_bucket\(Text.adding("le", bound, to: labels)) \(total)\n"
        }
        text += "\(name)_sum\(labels) \(Text.number(state.sum))\n"
        text += "\(name)_count\(labels) \(total)\n"
    }
}
