/// The body of `POST /v1/verify`.
package struct VerifyRequest: Codable, Sendable {
    /// The number of images to check, spread over the corpus; `nil` for all.
    package var sample: Int?

    package init(sample: Int? = nil) {
        self.sample = sample
    }

    /// Decodes a request.
    ///
    /// - Throws: ``UnknownFields``, `DecodingError`.
    package init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownFields(CodingKeys.self)
        sample = try decoder.container(keyedBy: CodingKeys.self).decodeWholeNumberIfPresent(forKey: .sample)
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case sample
    }
}

/// The answer of `POST /v1/verify`: images and references with faults.
///
/// `docs/bias-maintenance.md` explains the faults.
package struct VerifyReport: Codable, Sendable {
    /// The number of images that were checked.
    package var checked: Int
    /// The number of images with a fault.
    package var wrong: Int
    /// The largest difference between a stored and a computed mean of a checked image.
    package var largestDifference: Float
    /// The first images with a fault, at most 100.
    package var images: [Image]
    /// The number of references with a fault; all references are checked.
    package var wrongReferences: Int
    /// The first references with a fault, at most 100.
    package var references: [Reference]

    package init(
        checked: Int, wrong: Int, largestDifference: Float, images: [Image], wrongReferences: Int,
        references: [Reference]
    ) {
        self.checked = checked
        self.wrong = wrong
        self.largestDifference = largestDifference
        self.images = images
        self.wrongReferences = wrongReferences
        self.references = references
    }

    /// Whether no fault was found.
    package var isClean: Bool { wrong == 0 && wrongReferences == 0 }

    /// An image with a fault.
    package struct Image: Codable, Sendable {
        package var id: String
        /// The first fault that was found: `vector`, `id`, `code`, `mean` or `cell`.
        package var fault: String
        /// The stored mean; `nil` if it isn't a number.
        package var stored: Float?
        /// The computed mean; `nil` if it isn't a number.
        package var computed: Float?

        package init(id: String, fault: String, stored: Float?, computed: Float?) {
            self.id = id
            self.fault = fault
            self.stored = stored
            self.computed = computed
        }
    }

    /// A reference with a fault.
    package struct Reference: Codable, Sendable {
        package var id: String
        /// The first fault that was found: `vector` or `id`.
        package var fault: String

        package init(id: String, fault: String) {
            self.id = id
            self.fault = fault
        }
    }
}
