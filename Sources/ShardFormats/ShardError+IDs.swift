/// Errors about the ids of a shard.
extension ShardError {
    /// The error for a wrong number of ids; `nil` if the number is right.
    static func wrongIDCount(_ count: Int, rows: Int) -> ShardError? {
        guard count != rows else { return nil }
        return ShardError(
            code: count < rows ? .idsTooFew : .idsTooMany, message: "There are \(count) ids for \(rows) rows.",
            advice: "Give each row exactly one id, in the order of the rows.")
    }

    /// - Parameters:
    ///   - rows: the rows whose id an earlier row has.
    ///   - id: the id of the first of them.
    ///   - first: the first row that has this id.
    static func duplicateIDs(rows: [Int], id: String, first: Int) -> ShardError {
        ShardError(
            code: .idsDuplicate,
            message:
                "\(Excerpt.have(rows)) the same id as an earlier row, "
                + "for example \(Excerpt.quote(id)) of row \(first).",
            advice: "Use each id once.", rows: rows)
    }

    static func emptyIDs(rows: [Int]) -> ShardError {
        ShardError(
            code: .idEmpty, message: "\(Excerpt.have(rows)) an empty id.",
            advice: "Give each row an id of at least one byte, without blank lines.", rows: rows)
    }

    static func tooLongIDs(rows: [Int]) -> ShardError {
        ShardError(
            code: .idTooLong, message: "\(Excerpt.have(rows)) an id of more than \(IDList.maximumByteCount) bytes.",
            advice: "Use shorter ids, for example a hash of the long ones.", rows: rows)
    }

    static func invalidIDText(rows: [Int]) -> ShardError {
        ShardError(
            code: .idsNotUTF8, message: "\(Excerpt.have(rows)) an id that is not valid Unicode text.",
            advice: "Write the ids in UTF-8.", rows: rows)
    }

    /// The error of a list that was written in place and whose last line has no end.
    package static func unfinishedList(_ name: String) -> ShardError {
        ShardError(
            code: .truncated, message: "\(name) does not end in a line feed, so its last line may be incomplete.",
            advice: "End each line with a line feed, or rename the complete file into the folder.")
    }

    /// The error of a shard whose sidecar came after it.
    package static func lateIDs(_ name: String, shard: String) -> ShardError {
        ShardError(
            code: .idsLate, message: "\(name) came after \(shard), so nothing tells whether they belong together.",
            advice: "Rename the .ids file into the folder first, and then the shard.")
    }
}
