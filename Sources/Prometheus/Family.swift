/// The description of a metric (in Prometheus' terms a metric family): its name, kind and help text.
package struct Family: Sendable {
    /// `nnnd_scans_total`: letters, digits and underscores.
    package let name: String
    package let kind: Kind
    /// One sentence, with the unit.
    package let help: String

    /// The type of a metric in Prometheus.
    package enum Kind: Sendable, Equatable {
        /// A value that only grows while the program runs.
        case counter
        /// A value that can rise and fall.
        case gauge
        /// Counts of values in buckets, with the upper bounds of the buckets in rising order, without infinity.
        case histogram([Double])
    }

    package init(_ name: String, _ kind: Kind, _ help: String) {
        precondition(Text.isName(name), "\(name) can't be a metric's name")
        self.name = name
        self.kind = kind
        self.help = help
    }
}

extension Family.Kind {
    /// The name of the kind in the text format.
    var name: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    /// The upper bounds of a histogram's buckets; empty for other kinds.
    var bounds: [Double] {
        if case .histogram(let bounds) = self { bounds } else { [] }
    }
}
