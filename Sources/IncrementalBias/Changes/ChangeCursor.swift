/// What a consumer of the change feed knows: for each row of images the generation up to which it has the changes.
///
/// Pages visit the rows in a circle. A page begins at ``nextRow`` and brings the rows that it visits up to its
/// generation. Neighbouring rows with the same generation form a segment.
package struct ChangeCursor: Equatable, Sendable {
    /// Consecutive rows of which the consumer knows the same generation; they end where the next segment begins.
    struct Segment: Equatable {
        let firstRow: Int
        /// `nil` if the consumer knows nothing of these rows.
        let generation: UInt64?
    }

    /// All rows, in ascending order; the first segment begins with row 0.
    private(set) var segments: [Segment]
    /// The row at which the next page begins.
    private(set) var nextRow = 0
    /// The nonce of the newest generation of the segments, see ``ChangeLogSpan/Mark``; 0 if there is none.
    private(set) var nonce: UInt64 = 0

    /// One more than the largest number of a row.
    static let endRow = 1 << 32
    /// The maximum number of segments: beyond it, two are joined, and changes of their rows can be sent again.
    static let maximumSegments = 32

    /// The cursor of a consumer that knows nothing.
    package static let start = ChangeCursor(segments: [Segment(firstRow: 0, generation: nil)])

    private init(segments: [Segment]) {
        self.segments = segments
    }

    /// The cursor of a consumer that knows one generation.
    init(_ mark: ChangeLogSpan.Mark) {
        segments = [Segment(firstRow: 0, generation: mark.generation)]
        nonce = mark.nonce
    }

    /// The newest generation of the segments.
    var newest: UInt64? { segments.compactMap(\.generation).max() }
    /// The oldest generation of the segments; `nil` if the consumer knows nothing.
    var oldest: UInt64? { segments.compactMap(\.generation).min() }

    /// Whether there are rows of which the consumer knows nothing.
    var isInitial: Bool { segments.contains { $0.generation == nil } }

    /// The generation that the consumer knows of a row; `nil` if it knows nothing of it.
    func generation(of row: Int) -> UInt64? {
        segments.last { $0.firstRow <= row }?.generation
    }

    /// The rows in the order in which pages visit them, with the generation that the consumer knows.
    var pieces: [(rows: Range<Int>, generation: UInt64?)] {
        let ends = segments.dropFirst().map(\.firstRow) + [Self.endRow]
        let all = zip(segments, ends).map { (rows: $0.firstRow..<$1, generation: $0.generation) }
        let after = all.map { ($0.rows.clamped(to: nextRow..<Self.endRow), $0.generation) }
        let before = all.map { ($0.rows.clamped(to: 0..<nextRow), $0.generation) }
        return (after + before).filter { !$0.0.isEmpty }
    }

    /// Records that the consumer knows a generation of some rows, and that the next page begins after them.
    mutating func visit(_ rows: Range<Int>, _ mark: ChangeLogSpan.Mark) {
        nextRow = rows.upperBound % Self.endRow
        guard !rows.isEmpty else { return }
        let known = pieceGenerations(except: rows) + [(rows.lowerBound, mark.generation)]
        segments = []
        for (row, generation) in known.sorted(by: { $0.0 < $1.0 })
        where segments.last?.generation != generation
            || segments.isEmpty
        {
            segments.append(Segment(firstRow: row, generation: generation))
        }
        while segments.count > Self.maximumSegments { joinTwoSegments(except: mark.generation) }
        nonce = mark.nonce
    }

    /// The first rows of the segments outside `rows`, with their generations.
    private func pieceGenerations(except rows: Range<Int>) -> [(Int, UInt64?)] {
        let ends = segments.dropFirst().map(\.firstRow) + [Self.endRow]
        return zip(segments, ends).flatMap { segment, end -> [(Int, UInt64?)] in
            var parts: [(Int, UInt64?)] = []
            if segment.firstRow < rows.lowerBound { parts.append((segment.firstRow, segment.generation)) }
            if max(segment.firstRow, rows.upperBound) < end {
                parts.append((max(segment.firstRow, rows.upperBound), segment.generation))
            }
            return parts
        }
    }

    /// Joins the two neighbouring segments whose generations differ least; the older one is that of both.
    ///
    /// - Parameter newest: the generation that ``nonce`` belongs to, whose segments stay.
    private mutating func joinTwoSegments(except newest: UInt64) {
        func difference(_ index: Int) -> UInt64 {
            guard let one = segments[index].generation, let other = segments[index + 1].generation,
                one != newest, other != newest
            else { return .max }
            return max(one, other) - min(one, other)
        }
        guard let index = segments.indices.dropLast().min(by: { difference($0) < difference($1) }) else { return }
        let (one, other) = (segments[index].generation, segments[index + 1].generation)
        segments[index] = Segment(
            firstRow: segments[index].firstRow, generation: one.flatMap { one in other.map { min(one, $0) } })
        segments.remove(at: index + 1)
    }
}

extension ChangeCursor {
    /// Reads a cursor that ``text`` wrote.
    ///
    /// - Returns: `nil` for another text.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts.count <= 3 + Self.maximumSegments, parts[0] == "1",
            let nonce = UInt64(parts[1], radix: 16), let nextRow = Int(parts[2]), (0..<Self.endRow).contains(nextRow)
        else { return nil }
        var segments: [Segment] = []
        for part in parts.dropFirst(3) {
            let numbers = part.split(separator: "-", omittingEmptySubsequences: false)
            guard numbers.count == 2, let row = Int(numbers[0]), row < Self.endRow,
                segments.last.map({ $0.firstRow < row }) ?? (row == 0)
            else { return nil }
            let generation = UInt64(numbers[1])
            guard numbers[1] == "n" || generation.map({ $0 < 1 << 40 }) == true else { return nil }
            segments.append(Segment(firstRow: row, generation: generation))
        }
        self.segments = segments
        self.nextRow = nextRow
        self.nonce = nonce
    }

    /// The cursor as a text of digits, letters, dots and hyphens.
    package var text: String {
        let known = segments.map { "\($0.firstRow)-\($0.generation.map { "\($0)" } ?? "n")" }
        return (["1", String(nonce, radix: 16), "\(nextRow)"] + known).joined(separator: ".")
    }
}
