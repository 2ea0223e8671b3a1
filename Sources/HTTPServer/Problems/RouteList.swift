internal import HTTPTypes

/// The methods that each path accepts, to tell a wrong method from an unknown path.
struct RouteList: Sendable {
    private var entries: [(segments: [Substring], method: HTTPRequest.Method)] = []

    /// Adds a route; `{name}` in the path stands for any one segment.
    mutating func add(_ method: HTTPRequest.Method, _ path: String) {
        entries.append((path.split(separator: "/"), method))
    }

    /// All methods of all paths.
    var allMethods: [HTTPRequest.Method] { Self.withImplied(entries.map(\.method)) }

    /// The methods that `path` takes; none for an unknown path.
    func methods(for path: String) -> [HTTPRequest.Method] {
        let segments = path.split(separator: "/")
        return Self.withImplied(
            entries.filter { entry in
                entry.segments.count == segments.count
                    && zip(entry.segments, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
            }.map(\.method))
    }

    /// The methods with those that follow from them, in alphabetical order: HEAD from GET, and OPTIONS from any.
    private static func withImplied(_ methods: [HTTPRequest.Method]) -> [HTTPRequest.Method] {
        guard !methods.isEmpty else { return [] }
        let implied = methods.contains(.get) ? [.head, .options] : [HTTPRequest.Method.options]
        return Set(methods + implied).sorted { $0.rawValue < $1.rawValue }
    }
}
