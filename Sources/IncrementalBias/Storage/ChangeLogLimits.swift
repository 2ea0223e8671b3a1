/// How much of the past the change log keeps.
package struct ChangeLogLimits: Equatable, Sendable {
    /// The age in seconds at which the record of a commit is removed.
    package var secondsToLive: Double
    /// The maximum size of all records, in bytes; 0 for no change log.
    package var maximumBytes: Int

    /// The limits unless settings name others.
    package static let standard = ChangeLogLimits(secondsToLive: 7 * 86_400, maximumBytes: 256 << 20)

    /// - Parameters:
    ///   - secondsToLive: the age in seconds at which the record of a commit is removed.
    ///   - maximumBytes: the maximum size of all records, in bytes; 0 for no change log.
    package init(secondsToLive: Double, maximumBytes: Int) {
        self.secondsToLive = secondsToLive
        self.maximumBytes = maximumBytes
    }
}
