/// The reason why a shard or an array of queries is rejected, and the remedy.
///
/// Programs use ``code``, which is stable. ``message`` and ``advice`` are one sentence each, for people.
package struct ShardError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The most rows that one error lists.
    package static let maximumListedRows = 20

    /// The rule that was broken.
    package let code: Code
    /// The fault and its place.
    package let message: String
    /// The remedy.
    package let advice: String
    /// The first wrong rows, counted from 0 and rising, at most ``maximumListedRows``; empty if the fault isn't in rows.
    package let rows: [Int]

    /// An error with these words; rows beyond ``maximumListedRows`` are left out.
    package init(code: Code, message: String, advice: String, rows: [Int] = []) {
        self.code = code
        self.message = message
        self.advice = advice
        self.rows = Array(rows.prefix(Self.maximumListedRows))
    }

    package var description: String { "\(code.rawValue): \(message) \(advice)" }

    /// The same error, with the part of the file that has the fault.
    func located(in part: String) -> ShardError {
        ShardError(code: code, message: "In \(part): \(message)", advice: advice, rows: rows)
    }
}
