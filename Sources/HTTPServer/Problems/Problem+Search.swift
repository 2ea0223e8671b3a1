internal import IncrementalBias
internal import WireAPI

extension Problem {
    /// The error of a search that the queue rejects.
    init(_ rejection: SearchQueue.Rejection) {
        switch rejection {
        case .overloaded: self = .overloaded
        case .closed: self = .stopping
        case .query(let index, let reason): self = .query(index, reason)
        }
    }

    /// The error of a search with more queries than one request can have.
    static func tooManyQueries(_ count: Int) -> Problem {
        .badRequest("too_many_queries", "There are \(count) queries; one request can have \(RequestLimits.queries).")
    }

    /// The error of a search by ids whose vectors would take more memory than a body with them could.
    static func tooManyIDs(_ count: Int) -> Problem {
        .badRequest(
            "too_many_queries",
            "The vectors of \(count) ids have more than \(RequestLimits.bodyBytes) bytes; send fewer ids at once.")
    }

    /// The error of a search whose results can't be an .npz file, if the client does not accept JSON.
    static func npzImpossible(_ reason: String) -> Problem {
        .badRequest("npz_impossible", "The results can't be sent as \(SearchArchive.mediaType): \(reason)")
    }

    static func query(_ index: Int, _ rejection: QueryRejection) -> Problem {
        switch rejection {
        case .wrongDimension(let found, let expected):
            .badRequest(
                "wrong_dimension",
                "Query \(index) has \(found) numbers; the vectors of this corpus have \(expected).")
        case .differsFromFirst(let found, let first):
            .badRequest("wrong_dimension", "Query \(index) has \(found) numbers; query 0 has \(first).")
        case .notFinite:
            .badRequest("not_finite", "Query \(index) has a number that is infinite or NaN.")
        case .zeroVector:
            .badRequest("zero_vector", "Query \(index) is all zeros, which has no direction under the cosine metric.")
        case .tooLarge:
            .badRequest("norm_too_large", "Query \(index) is longer than \(Metric.maximumNorm).")
        }
    }
}
