/// The maximum sizes of requests and responses.
enum RequestLimits {
    /// Bytes of one body.
    static let bodyBytes = 64 << 20
    /// Queries of one search.
    static let queries = 4096
    /// Hits of one response: the number of queries x the number of images that are found for each.
    static let hits = 1_000_000
    /// Bytes of one response of the type application/x-npz.
    static let archiveBytes = 256 << 20
    /// The values of `top_k`, and of the `sample` of a verification: whole numbers that every JSON reader keeps exact
    /// (RFC 8259, section 6).
    static let imageCounts = 1...(1 << 53) - 1
    /// The values of `alpha` that a search can set.
    static let alpha: ClosedRange<Float> = 0...1000
    /// The values of `recall` that a search can ask for.
    static let recall: ClosedRange<Double> = 0.5...1
    /// The largest number of rows that an approximate search scores exactly for each query.
    static let rescoredRows = 2048
    /// The numbers of cells that a request can have read for each query.
    static let probedCells = 1...65_535
    /// Lines of one page of a listing.
    static let listedLines = 1...10_000
    /// Lines of a page of a listing if the request names no number.
    static let defaultListedLines = 1000

    /// Bytes of the vectors on one page of changes, as floats.
    static let changedVectorBytes = 16 << 20

    /// Bytes of all bodies under way together, beyond the first ``freeBodyBytes`` of each.
    static let allBodyBytes = 4 * bodyBytes
    /// The first bytes of each body, which don't count in ``allBodyBytes``.
    static let freeBodyBytes = 64 << 10
    /// How many times a byte of JSON counts in ``allBodyBytes``: parsing takes many times the memory of the text.
    static let jsonWeight = 4
    /// Hits of all responses under way together, beyond the first ``freeHits`` of each.
    static let allHits = 2 * hits
    /// The first hits of each response, which don't count in ``allHits``.
    static let freeHits = 1000
    /// A response of the type application/x-npz counts in ``allHits`` as at least one hit for each this many bytes.
    static let archiveBytesPerHit = 256
    /// Bytes of all pages of listings under way together, beyond the first ``freeListingBytes`` of each.
    static let allListingBytes = 64 << 20
    /// The first bytes of each page, which don't count in ``allListingBytes``.
    static let freeListingBytes = 64 << 10
    /// The size of the slices in which a long response is sent, in bytes.
    static let sliceBytes = 256 << 10
    /// Bytes of a response that a client must take within each timeout (`client-seconds`).
    static let bytesPerTimeout = 64 << 20
}
