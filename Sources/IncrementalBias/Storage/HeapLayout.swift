/// The layout of stored heaps.
///
/// A *page of heaps* is one LMDB value with the heaps of a few consecutive images.
///
/// A heap consists of 32-bit words (K is the capacity):
///
///     [0]                 count, the number of references in the heap
///     [1]                 0
///     [2 ..< 2+K]         the similarities, in descending order, as float bits
///     [2+K ..< 2+2K]      the rows of the references
///
/// A page of heaps has as many heaps as fit into two LMDB pages, and at least one. Smaller values would share LMDB
/// pages, and a commit would copy them together. Larger values would make a commit write more unchanged heaps. Two LMDB
/// pages are better than one because LMDB keeps the memory of changed single pages after a commit and frees that of
/// longer values.
struct HeapLayout: Sendable {
    /// The maximum number of references in a heap.
    let capacity: Int
    let wordsPerHeap: Int
    /// The number of heaps in a page of heaps.
    let heapsPerPage: Int

    /// The bytes that a value can have in two LMDB pages of 4 KiB: all but LMDB's header.
    private static let pageBytes = 2 * 4096 - 16

    init(capacity: Int) {
        self.capacity = capacity
        wordsPerHeap = 2 + 2 * capacity
        heapsPerPage = max(1, Self.pageBytes / (wordsPerHeap * 4))
    }

    /// The size of one page of heaps, in bytes.
    var bytesPerPage: Int { heapsPerPage * wordsPerHeap * 4 }

    /// The number of the page with the heap of `row`; it is the key in the table.
    func page(of row: Int) -> Int { row / heapsPerPage }

    /// The index of the first word of the heap of `row` in its page.
    func offset(of row: Int) -> Int { row % heapsPerPage * wordsPerHeap }
}
