/// The k and alpha that a client of the API has set, and that the store keeps.
///
/// They take the place of defaults: a value from a flag, the environment or the configuration file takes precedence.
package struct AppliedSettings: Codable, Equatable, Sendable {
    /// The number of largest similarities that a mean averages; `nil` if no client has set it.
    package var k: Int?
    /// The weight of the bias in searches that do not set `alpha` themselves; `nil` if no client has set it.
    package var alpha: Float?

    /// - Parameters:
    ///   - k: the number of largest similarities that a mean averages.
    ///   - alpha: the weight of the bias.
    package init(k: Int? = nil, alpha: Float? = nil) {
        self.k = k
        self.alpha = alpha
    }

    /// These settings, with the values of `newer` where it has some.
    package func merged(with newer: AppliedSettings) -> AppliedSettings {
        AppliedSettings(k: newer.k ?? k, alpha: newer.alpha ?? alpha)
    }
}

/// The k that a corpus is opened or rebuilt with.
package struct RequestedK: Equatable, ExpressibleByIntegerLiteral, Sendable {
    /// The number of largest similarities that a mean averages.
    package let value: Int
    /// Whether `value` is only a default, which ``AppliedSettings/k`` of the store replaces.
    package let isDefault: Bool

    /// - Parameters:
    ///   - value: the number of largest similarities that a mean averages.
    ///   - isDefault: whether a k that the store keeps takes precedence.
    package init(_ value: Int, isDefault: Bool = false) {
        self.value = value
        self.isDefault = isDefault
    }

    /// A k that was set.
    package init(integerLiteral value: Int) {
        self.init(value)
    }

    /// The k to use in a store that keeps `applied`.
    func value(in applied: AppliedSettings) -> Int {
        isDefault ? applied.k ?? value : value
    }
}
