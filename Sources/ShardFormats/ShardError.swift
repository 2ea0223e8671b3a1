/// A shard or an array of queries that is refused: which rule it breaks, where, and what to do about it.
///
/// The ``code`` is stable and meant for programs; ``message`` and ``advice`` are a sentence each, meant for people.
package struct ShardError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The most rows that one error lists.
    package static let maximumListedRows = 20

    /// The rule that was broken.
    package let code: Code
    /// What is wrong, and where.
    package let message: String
    /// What to do about it.
    package let advice: String
    /// The first offending rows, counted from 0 and rising, at most ``maximumListedRows``; empty if no row is to blame.
    package let rows: [Int]

    /// An error in words of the caller's; rows beyond ``maximumListedRows`` are dropped.
    package init(code: Code, message: String, advice: String, rows: [Int] = []) {
        self.code = code
        self.message = message
        self.advice = advice
        self.rows = Array(rows.prefix(Self.maximumListedRows))
    }

    package var description: String { "\(code.rawValue): \(message) \(advice)" }

    /// The same error, with the part of the file in which it occurred.
    func located(in part: String) -> ShardError {
        ShardError(code: code, message: "In \(part): \(message)", advice: advice, rows: rows)
    }
}
