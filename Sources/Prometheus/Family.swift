/// The name, the kind and the help text of a metric.
package struct Family: Sendable {
    /// `nnnd_scans_total`: letters, digits and underscores.
    package let name: String
    package let kind: Kind
    /// One sentence, with the unit.
    package let help: String

    /// How a value changes.
    package enum Kind: Sendable, Equatable {
        /// It only grows, until the program ends.
        case counter
        /// It goes up and down.
        case gauge
        /// The numbers of values up to some bounds: the bounds of its buckets, rising, without infinity.
        case histogram([Double])
    }

    /// Describes the metrics called `name`.
    package init(_ name: String, _ kind: Kind, _ help: String) {
        precondition(Text.isName(name), "\(name) can't be a metric's name")
        self.name = name
        self.kind = kind
        self.help = help
    }
}

extension Family.Kind {
    /// The kind as the text format calls it.
    var name: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    /// The bounds of a histogram's buckets.
    var bounds: [Double] {
        if case .histogram(let bounds) = self { bounds } else { [] }
    }
}
