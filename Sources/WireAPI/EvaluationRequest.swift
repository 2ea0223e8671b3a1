/// The body of `POST /v1/evaluate`.
package struct EvaluationRequest: Codable, Sendable {
    /// The queries, all with the dimension of the corpus; `nil` to take references as queries.
    ///
    /// References that are taken as queries are left out of the heaps for the evaluation.
    package var queries: QueryVectors?
    /// For each query the ids of its right images, at least one; `nil` without labels.
    package var answers: [[String]]?
    /// Image id -> label, to measure how evenly queries that ask for no label find them; `nil` for none.
    package var groups: [String: String]?
    /// The numbers of images, n, for which group measures are computed; `nil` for 6 and 10.
    package var groupSizes: [Int]?
    /// Whether to compare with other methods against hubness; `nil` for false.
    package var baselines: Bool?
    /// Whether to measure the gain with fewer references, and how near queries are to references; `nil` for false.
    package var referenceCurve: Bool?
    /// The values of k to try, each from 1 to the capacity; `nil` for a geometric series from 1 to the capacity.
    package var ks: [Int]?
    /// The values of alpha to try, each from 0 to 1000; `nil` for 0, 0.125, ..., 2.
    package var alphas: [Float]?
    /// How often the queries are divided into random halves, of which one chooses k and alpha; `nil` for 100.
    package var repeats: Int?
    /// The seed of all random choices; `nil` for 0.
    package var seed: Int?

    package init(
        queries: QueryVectors?, answers: [[String]]? = nil, groups: [String: String]? = nil, groupSizes: [Int]? = nil,
        baselines: Bool? = nil, referenceCurve: Bool? = nil, ks: [Int]? = nil, alphas: [Float]? = nil,
        repeats: Int? = nil, seed: Int? = nil
    ) {
        self.queries = queries
        self.answers = answers
        self.groups = groups
        self.groupSizes = groupSizes
        self.baselines = baselines
        self.referenceCurve = referenceCurve
        self.ks = ks
        self.alphas = alphas
        self.repeats = repeats
        self.seed = seed
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case queries, answers, groups
        case groupSizes = "group_sizes"
        case baselines
        case referenceCurve = "reference_curve"
        case ks, alphas, repeats, seed
    }

    /// Decodes a request.
    ///
    /// - Throws: ``UnknownFields``, `DecodingError`.
    package init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownFields(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        queries = try container.decodeIfPresent(QueryVectors.self, forKey: .queries)
        answers = try container.decodeIfPresent([[String]].self, forKey: .answers)
        groups = try container.decodeIfPresent([String: String].self, forKey: .groups)
        groupSizes = try container.decodeIfPresent([Int].self, forKey: .groupSizes)
        baselines = try container.decodeIfPresent(Bool.self, forKey: .baselines)
        referenceCurve = try container.decodeIfPresent(Bool.self, forKey: .referenceCurve)
        ks = try container.decodeIfPresent([Int].self, forKey: .ks)
        alphas = try container.decodeIfPresent([Float].self, forKey: .alphas)
        repeats = try container.decodeWholeNumberIfPresent(forKey: .repeats)
        seed = try container.decodeWholeNumberIfPresent(forKey: .seed)
    }
}

/// Query vectors in a JSON body: arrays of numbers, or an .npy file in base64, which is smaller and faster to read.
package enum QueryVectors: Codable, Sendable {
    /// A vector for each query.
    case arrays([[Float]])
    /// An .npy file with a query in each row, in base64 (RFC 4648, section 4).
    case npy(base64: String)

    /// Decodes either form.
    ///
    /// - Throws: `DecodingError`.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .npy(base64: text)
        } else {
            self = .arrays(try container.decode([[Float]].self))
        }
    }

    /// Encodes the vectors in their form.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .arrays(let vectors): try container.encode(vectors)
        case .npy(let text): try container.encode(text)
        }
    }
}
