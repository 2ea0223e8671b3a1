internal import LMDB
internal import VectorMath

/// Reads the live pending entries (see ``PendingDirectory``) of ascending ranges of images.
///
/// It remembers a position in each run, so that reading all images in ascending order reads each run once. One thread
/// uses a reader at a time.
struct PendingEntryReader {
    private let mapped: MappedPendingEntries
    /// For each run where the entries of the next rows begin, at the earliest.
    private var positions: [Position]
    /// The end of the last range; the positions are right for rows from it on.
    private var end = 0
    private var firstRow = 0
    /// The entries of the last range, in the order of the runs.
    private var found: [PendingEntry] = []
    /// The entries of the last range by ascending row; those of one row are in the order of effect.
    private(set) var entries: [PendingEntry] = []
    /// For each row of the last range the index of its first entry in `entries`, and at the end the number of entries.
    private var starts: [Int] = [0]

    private struct Position {
        var chunk = 0
        var index = 0
    }

    init(_ mapped: MappedPendingEntries) {
        self.mapped = mapped
        positions = Array(repeating: Position(), count: mapped.runs.count)
    }

    /// Reads the entries of the images in `rows`; fastest if the ranges of successive calls ascend.
    mutating func read(_ rows: Range<Int>) {
        if rows.lowerBound < end { positions = Array(repeating: Position(), count: positions.count) }
        (firstRow, end) = (rows.lowerBound, rows.upperBound)
        found.removeAll(keepingCapacity: true)
        let absorbed = mapped.absorbed[mapped.blocks(of: rows)]
        let (lowest, highest) = (absorbed.min() ?? 0, absorbed.max() ?? 0)
        for run in positions.indices where mapped.runs[run].number > lowest {
            collect(rows, run: run, allLive: mapped.runs[run].number > highest)
        }
        group(rows.count)
    }

    /// The entries of an image of the last range that was read, in the order of effect.
    func entries(of row: Int) -> ArraySlice<PendingEntry> {
        entries[starts[row - firstRow]..<starts[row - firstRow + 1]]
    }

    /// Appends the live entries of `rows` in one run to `found`, and moves the run's position behind them.
    private mutating func collect(_ rows: Range<Int>, run: Int, allLive: Bool) {
        let (number, chunks) = mapped.runs[run]
        var position = positions[run]
        while position.chunk < chunks.count {
            let isAtEnd = chunks.value(at: position.chunk) { bytes in
                NumberView.withIntegers(bytes) { words in
                    let count = words.count / PendingEntry.words
                    position.index = Self.firstIndex(of: rows.lowerBound, in: words, from: position.index, count: count)
                    while position.index < count {
                        let word = position.index * PendingEntry.words
                        let image = words[word]
                        if Int(image) >= rows.upperBound { return true }
                        if Int(image) >= rows.lowerBound, allLive || isLive(image, number) {
                            found.append(PendingEntry(image: image, reference: words[word + 1], bits: words[word + 2]))
                        }
                        position.index += 1
                    }
                    return false
                }
            }
            if isAtEnd { break }
            position = Position(chunk: position.chunk + 1, index: 0)
        }
        positions[run] = position
    }

    /// Whether the stored heap of `image` does not contain the entries of the run `number`.
    ///
    /// Only a damaged store has entries of images beyond the directory's blocks.
    private func isLive(_ image: UInt32, _ number: UInt64) -> Bool {
        let block = Int(image) / mapped.rowsPerBlock
        return block >= mapped.absorbed.count || number > mapped.absorbed[block]
    }

    /// The index of the first entry from `start` on whose row is at least `row`.
    ///
    /// The step doubles until it passes the entry, so that a near entry is found fast.
    private static func firstIndex(of row: Int, in words: Span<UInt32>, from start: Int, count: Int) -> Int {
        var (low, step) = (start, 1)
        while low + step <= count, Int(words[(low + step - 1) * PendingEntry.words]) < row {
            low += step
            step *= 2
        }
        var high = min(low + step - 1, count)
        while low < high {
            let middle = (low + high) / 2
            if Int(words[middle * PendingEntry.words]) < row { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Sorts `found` by row into `entries`; entries of one row keep their order.
    private mutating func group(_ rows: Int) {
        if rows == 1 {
            if starts.count != 2 { starts = [0, 0] }
            swap(&entries, &found)
            starts[1] = entries.count
            return
        }
        starts.removeAll(keepingCapacity: true)
        starts.append(contentsOf: repeatElement(0, count: rows + 1))
        for entry in found { starts[Int(entry.image) - firstRow + 1] += 1 }
        for row in 0..<rows { starts[row + 1] += starts[row] }
        entries.removeAll(keepingCapacity: true)
        // Any entry would do: the loop replaces each of them.
        entries.append(contentsOf: repeatElement(.reset(0), count: found.count))
        for entry in found {
            let row = Int(entry.image) - firstRow
            entries[starts[row]] = entry
            starts[row] += 1
        }
        // Each element is now the start of the next row.
        for row in (0..<rows).reversed() { starts[row + 1] = starts[row] }
        starts[0] = 0
    }
}
