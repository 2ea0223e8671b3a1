internal import LMDB
internal import VectorMath

/// The heaps of the images: number of a page of heaps -> a page of heaps with the layout ``HeapLayout``.
struct HeapTable {
    let database: Database
    let layout: HeapLayout

    /// The heaps of `rows`, mapped.
    func mapped(rows: Range<Int>, in transaction: borrowing some Transaction & ~Copyable) throws -> MappedHeaps {
        guard !rows.isEmpty else { return MappedHeaps(pages: MappedValues(), firstPage: 0, layout: layout) }
        let pages = layout.page(of: rows.lowerBound)...layout.page(of: rows.upperBound - 1)
        return MappedHeaps(
            pages: try transaction.mapped(
                database, UInt32(pages.lowerBound)..<UInt32(pages.upperBound) + 1, byteCount: layout.bytesPerPage),
            firstPage: pages.lowerBound, layout: layout)
    }

    /// The heaps of some rows, mapped; faster than mapping those of a range of rows if they are few.
    ///
    /// - Parameter rows: the rows, ascending. Other heaps can't be read.
    func mapped(
        rows: some Sequence<UInt32>, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedHeaps {
        var pages: [UInt32] = []
        for row in rows {
            let page = UInt32(layout.page(of: Int(row)))
            if page != pages.last { pages.append(page) }
        }
        let values = try transaction.mapped(database, pages, byteCount: layout.bytesPerPage)
        let first = pages.first.map { Int($0) } ?? 0
        var indices = Array(repeating: 0, count: pages.last.map { Int($0) - first + 1 } ?? 0)
        for (index, page) in pages.enumerated() { indices[Int(page) - first] = index }
        return MappedHeaps(pages: values, firstPage: first, indices: indices, layout: layout)
    }

    /// Replaces the content of `heap` by the stored heap of `row`; empties it if none is stored.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if the page of heaps has a wrong size.
    func load(row: Int, into heap: inout ReferenceHeap, in transaction: borrowing some Transaction & ~Copyable) throws {
        heap.clear()
        _ = try transaction.value(database, UInt32(layout.page(of: row))) { bytes in
            guard bytes.byteCount == layout.bytesPerPage else {
                throw StoreError.damaged("a page of heaps has a wrong size")
            }
            NumberView.withIntegers(bytes) { heap.load($0, at: layout.offset(of: row)) }
        }
    }

    /// Stores the heaps of some images.
    ///
    /// - Parameters:
    ///   - words: the heaps, as ``ReferenceHeap/append(to:)`` writes them.
    ///   - starts: for each of `rows` the index in `words` of the first word of its heap.
    ///   - rows: the rows of the images, in ascending order.
    func write(_ words: [UInt32], starts: [Int], rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        for positions in rows.chunked(by: { layout.page(of: Int($0)) }) {
            let page = layout.page(of: Int(rows[positions.lowerBound]))
            if positions.count == layout.heapsPerPage {
                try transaction.overwrite(database, UInt32(page), byteCount: layout.bytesPerPage) { bytes in
                    copy(words, starts, rows, positions, into: &bytes)
                }
            } else {
                try transaction.update(database, UInt32(page), byteCount: layout.bytesPerPage) { bytes, _ in
                    copy(words, starts, rows, positions, into: &bytes)
                }
            }
        }
    }

    private func copy(
        _ words: [UInt32], _ starts: [Int], _ rows: [UInt32], _ positions: Range<Int>, into bytes: inout MutableRawSpan
    ) {
        let size = layout.wordsPerHeap
        NumberView.withMutableIntegers(&bytes) { page in
            for position in positions {
                NumberView.copy(
                    words.span.extracting(starts[position]..<starts[position] + size), to: &page,
                    at: layout.offset(of: Int(rows[position])))
            }
        }
    }
}

/// The heaps of a range of rows, read in place in LMDB's memory map.
///
/// Several threads can read them at the same time. They are valid until the next write of the transaction or its end.
struct MappedHeaps: Sendable {
    fileprivate let pages: MappedValues
    fileprivate let firstPage: Int
    /// For each page of heaps from `firstPage` on its index in `pages`; `nil` if `pages` has all of them.
    fileprivate var indices: [Int]?
    fileprivate let layout: HeapLayout

    /// Replaces the content of `heap` by the stored heap of `row`; empties it if none is stored.
    func load(row: Int, into heap: inout ReferenceHeap) {
        heap.clear()
        pages.value(at: index(of: row)) { bytes in
            guard !bytes.isEmpty else { return }
            NumberView.withIntegers(bytes) { heap.load($0, at: layout.offset(of: row)) }
        }
    }

    /// Whether the stored heap of `row` has one of `references`.
    func contains(_ references: RowSet, row: Int) -> Bool {
        pages.value(at: index(of: row)) { bytes in
            guard !bytes.isEmpty else { return false }
            return NumberView.withIntegers(bytes) { words in
                // HeapLayout: the count, an unused word, the similarities, the rows.
                let offset = layout.offset(of: row)
                let rows = offset + 2 + layout.capacity
                return references.containsAny(
                    of: words.extracting(rows..<rows + min(Int(words[offset]), layout.capacity)))
            }
        }
    }

    private func index(of row: Int) -> Int {
        let page = layout.page(of: row) - firstPage
        return indices.map { $0[page] } ?? page
    }
}
