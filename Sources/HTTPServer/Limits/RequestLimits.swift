/// The maximum sizes of requests and responses.
enum RequestLimits {
    /// Bytes of one body.
    static let bodyBytes = 64 << 20
    /// Queries of one search.
    static let queries = 4096
    /// Hits of one response: queries times images asked for.
    static let hits = 1_000_000
    /// The weight of the bias that a search can ask for.
    static let alpha: ClosedRange<Float> = 0...1000

    /// Bytes of all bodies under way together, beyond the first ``freeBodyBytes`` of each.
    static let allBodyBytes = 4 * bodyBytes
    /// Bytes of a body that don't count.
    static let freeBodyBytes = 64 << 10
    /// The weight of a byte of JSON in ``allBodyBytes``: parsing takes many times the memory of the text.
    static let jsonWeight = 4
    /// Hits of all responses under way together, beyond the first ``freeHits`` of each.
    static let allHits = 2 * hits
    /// Hits of a response that don't count.
    static let freeHits = 1000
    /// Bytes that a long response is sent in at a time.
    static let sliceBytes = 256 << 10
    /// Bytes of a response that a client must take in its time.
    static let bytesPerTimeout = 64 << 20
}
