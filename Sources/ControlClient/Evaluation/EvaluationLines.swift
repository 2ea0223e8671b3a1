internal import FoundationEssentials
internal import WireAPI

/// Reads the lines of an evaluation's response (NDJSON) as its bytes arrive.
struct EvaluationLines {
    private var unfinished: [UInt8] = []
    private var report: EvaluationReport?

    /// The error if the response has no report.
    struct NoReport: Error {}

    /// Appends the next bytes of the response.
    ///
    /// - Returns: the progress in the lines that are now complete.
    /// - Throws: the `Problem` of a line that has one; `DecodingError` for a line that can't be read.
    mutating func append(_ bytes: ArraySlice<UInt8>) throws -> [EvaluationLine.Progress] {
        var progress: [EvaluationLine.Progress] = []
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            unfinished += rest[..<end]
            rest = rest[(end + 1)...]
            if let step = try read(unfinished) { progress.append(step) }
            unfinished = []
        }
        unfinished += rest
        return progress
    }

    /// Ends the response, whose last line need not end in a line feed.
    ///
    /// - Returns: the report.
    /// - Throws: as ``append(_:)``, and ``NoReport`` if no line had a report.
    mutating func finish() throws -> EvaluationReport {
        if !unfinished.isEmpty { _ = try read(unfinished) }
        guard let report else { throw NoReport() }
        return report
    }

    private mutating func read(_ bytes: [UInt8]) throws -> EvaluationLine.Progress? {
        let line = try WireJSON.decode(EvaluationLine.self, from: Data(bytes))
        if let problem = line.problem { throw problem }
        if let found = line.report { report = found }
        return line.progress
    }
}
