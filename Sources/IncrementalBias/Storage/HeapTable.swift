internal import LMDB
internal import VectorMath

/// The heaps of the images, in pages; see ``HeapLayout``.
struct HeapTable {
    let database: Database
    let layout: HeapLayout

    /// The pages with the heaps of `rows`, in place, and the number of the first of them.
    func mapped(rows: Range<Int>, in transaction: borrowing some Transaction & ~Copyable) throws -> MappedHeaps {
        guard !rows.isEmpty else { return MappedHeaps(pages: MappedValues(), firstPage: 0, layout: layout) }
        let pages = layout.page(of: rows.lowerBound)...layout.page(of: rows.upperBound - 1)
        return MappedHeaps(
            pages: try transaction.mapped(
                database, UInt32(pages.lowerBound)..<UInt32(pages.upperBound) + 1, byteCount: layout.bytesPerPage),
            firstPage: pages.lowerBound, layout: layout)
    }

    /// Loads the heap of `row`.
    func load(row: Int, into heap: inout ReferenceHeap, in transaction: borrowing some Transaction & ~Copyable) throws {
        heap.clear()
        _ = try transaction.value(database, UInt32(layout.page(of: row))) { bytes in
            NumberView.withIntegers(bytes) { heap.load($0, at: layout.offset(of: row)) }
        }
    }

    /// Stores heaps.
    ///
    /// - Parameters:
    ///   - words: heaps, as ``Heap/append(to:)`` writes them.
    ///   - starts: where each begins.
    ///   - rows: their images, rising.
    func write(_ words: [UInt32], starts: [Int], rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        for positions in rows.chunked(by: { layout.page(of: Int($0)) }) {
            let page = layout.page(of: Int(rows[positions.lowerBound]))
            if positions.count == layout.heapsPerPage {
                try transaction.overwrite(database, UInt32(page), count: layout.bytesPerPage) { bytes in
                    copy(words, starts, rows, positions, into: &bytes)
                }
            } else {
                try transaction.update(database, UInt32(page), count: layout.bytesPerPage) { bytes, _ in
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

/// Heaps in place in the map, which many threads may load at the same time; see ``MappedValues``.
struct MappedHeaps: Sendable {
    fileprivate let pages: MappedValues
    fileprivate let firstPage: Int
    fileprivate let layout: HeapLayout

    /// Loads the heap of `row`; an empty one where there is none.
    func load(row: Int, into heap: inout ReferenceHeap) {
        heap.clear()
        pages.value(at: layout.page(of: row) - firstPage) { bytes in
            guard !bytes.isEmpty else { return }
            NumberView.withIntegers(bytes) { heap.load($0, at: layout.offset(of: row)) }
        }
    }
}
