package import WireAPI

extension EvaluationReport.Method {
    /// The name for people; an unknown name stays as it is.
    package var title: String { EvaluationReport.title(ofMethod: name) }

    /// The parameters in one text, such as "k 128, alpha 0.75"; empty without parameters.
    package var parameterText: String {
        var parts: [String] = []
        if let k { parts.append("k \(NumberFormat.count(k))") }
        if let alpha { parts.append("alpha \(NumberFormat.short(alpha))") }
        // The k of CSLS is among its parameters too.
        let others = (parameters ?? [:]).filter { $0.key != "k" || k == nil }
        for (name, value) in others.sorted(by: { $0.key < $1.key }) {
            parts.append("\(name.printable) \(NumberFormat.short(value))")
        }
        return parts.joined(separator: ", ")
    }

    /// The gain over no correction in percentage points; `nil` for no correction itself and without answers.
    var gainText: String? {
        name == "none" ? nil : gain.map { NumberFormat.points($0.value) }
    }

    /// The 95% interval of ``gainText``.
    var intervalText: String? {
        name == "none" ? nil : gain.map { "\(NumberFormat.points($0.low)) to \(NumberFormat.points($0.high))" }
    }
}

extension EvaluationReport {
    /// The name of a method for people; an unknown name stays as it is.
    package static func title(ofMethod name: String) -> String {
        switch name {
        case "none": "none"
        case "current": "NNN as set"
        case "tuned": "NNN tuned"
        case "distribution_normalization": "Distribution Normalization"
        case "csls": "CSLS"
        case "inverted_softmax": "inverted softmax"
        case "dynamic_inverted_softmax": "QB-Norm"
        case "dual_inverted_softmax": "DualIS"
        default: name.printable
        }
    }

    /// The method with a name; `nil` if the report has none.
    package func method(_ name: String) -> Method? {
        methods.first { $0.name == name }
    }

    /// The hubness of methods in the order of ``methods``, without those that have none.
    package var hubnessInOrder: [(method: Method, hubness: Hubness)] {
        methods.compactMap { method in hubness[method.name].map { (method, $0) } }
    }
}
