internal import HTTPTypes

/// The methods that each path accepts, to tell a wrong method from an unknown path.
struct RouteList: Sendable {
    private var entries: [(segments: [Substring], method: HTTPRequest.Method)] = []

    /// Adds a route; `{name}` in the path stands for any one segment.
    mutating func add(_ method: HTTPRequest.Method, _ path: String) {
        entries.append((path.split(separator: "/"), method))
    }

    /// The methods that `path` accepts; empty for an unknown path.
    func methods(for path: String) -> [HTTPRequest.Method] {
        let segments = path.split(separator: "/")
        return entries.filter { entry in
            entry.segments.count == segments.count
                && zip(entry.segments, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }.map(\.method)
    }
}
