/// The body of `PATCH /v1/settings`: settings that a client changes while the daemon runs.
package struct SettingsRequest: Codable, Sendable {
    /// The number of largest similarities that a mean averages, from 1 to the capacity; `nil` to leave it.
    package var k: Int?
    /// The weight of the bias in searches that don't set `alpha` themselves; `nil` to leave it.
    package var alpha: Float?

    package init(k: Int? = nil, alpha: Float? = nil) {
        self.k = k
        self.alpha = alpha
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case k, alpha
    }

    /// Decodes a request.
    ///
    /// - Throws: ``UnknownFields``, `DecodingError`.
    package init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownFields(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        k = try container.decodeWholeNumberIfPresent(forKey: .k)
        alpha = try container.decodeIfPresent(Float.self, forKey: .alpha)
    }
}

/// The answer of `GET /v1/settings` and `PATCH /v1/settings`.
package struct SettingsReport: Codable, Sendable {
    /// The generation of the corpus, whose means have this k.
    package var generation: UInt64
    /// The number of largest similarities that a mean averages.
    package var k: Int
    /// The weight of the bias in searches that don't set `alpha` themselves.
    package var alpha: Float
    /// The largest k that the store allows.
    package var capacity: Int
    /// Name of a setting -> where a flag, the environment or the configuration file sets it.
    ///
    /// A client's value of such a setting lasts until the next reload or start. The store keeps the others.
    package var setBy: [String: String]

    package init(generation: UInt64, k: Int, alpha: Float, capacity: Int, setBy: [String: String]) {
        self.generation = generation
        self.k = k
        self.alpha = alpha
        self.capacity = capacity
        self.setBy = setBy
    }
}
