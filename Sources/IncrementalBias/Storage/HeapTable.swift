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

    /// Replaces the content of `heap` by the stored heap of `row`; empties it if none is stored.
    func load(row: Int, into heap: inout ReferenceHeap, in transaction: borrowing some Transaction & ~Copyable) throws {
        heap.clear()
        _ = try transaction.value(database, UInt32(layout.page(of: row))) { bytes in
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
    fileprivate let layout: HeapLayout

    /// Replaces the content of `heap` by the stored heap of `row`; empties it if none is stored.
    func load(row: Int, into heap: inout ReferenceHeap) {
        heap.clear()
        pages.value(at: layout.page(of: row) - firstPage) { bytes in
            guard !bytes.isEmpty else { return }
            NumberView.withIntegers(bytes) { heap.load($0, at: layout.offset(of: row)) }
        }
    }
}
