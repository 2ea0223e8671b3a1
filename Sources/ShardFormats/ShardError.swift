/// The reason why a shard or an array of queries is rejected.
///
/// ``code`` is for programs and does not change. ``message`` and ``advice`` are one sentence each, for people.
package struct ShardError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The maximum number of rows that an error lists.
    package static let maximumListedRows = 20

    package let code: Code
    /// What is wrong, and where.
    package let message: String
    /// What the producer can do.
    package let advice: String
    /// The first wrong rows, counted from 0, in ascending order, at most ``maximumListedRows``; empty if the reason
    /// does not concern rows.
    package let rows: [Int]

    /// Creates an error; of `rows`, only the first ``maximumListedRows`` are kept.
    package init(code: Code, message: String, advice: String, rows: [Int] = []) {
        self.code = code
        self.message = message
        self.advice = advice
        self.rows = Array(rows.prefix(Self.maximumListedRows))
    }

    package var description: String { "\(code.rawValue): \(message) \(advice)" }

    /// The same error; the message starts with the name of the sidecar that is wrong.
    package func inFile(_ name: String) -> ShardError {
        ShardError(code: code, message: "\(name): \(message)", advice: advice, rows: rows)
    }

    /// The same error; the message starts with the part of the file that is wrong.
    func located(in part: String) -> ShardError {
        ShardError(code: code, message: "In \(part): \(message)", advice: advice, rows: rows)
    }
}
