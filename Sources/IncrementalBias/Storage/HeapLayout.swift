/// The layout of stored heaps: a *page of heaps* is one value with the heaps of a few consecutive images.
///
/// In 32-bit words, a heap is
///
///     [0]                 count, the number of references in it
///     [1]                 0
///     [2 ..< 2+K]         their similarities, falling, as float bits
///     [2+K ..< 2+2K]      their rows
///
/// where K is the capacity. A page of heaps fills two LMDB pages. Smaller values would share pages with their neighbours
/// and be rewritten with them; larger ones would rewrite more unchanged heaps. LMDB keeps the memory of one-page values
/// after a commit and frees that of longer ones, hence two pages and not one.
struct HeapLayout: Sendable {
    let capacity: Int
    let wordsPerHeap: Int
    let heapsPerPage: Int

    /// The bytes that two LMDB pages of 4 KiB hold beside their header.
    private static let pageBytes = 2 * 4096 - 16

    init(capacity: Int) {
        self.capacity = capacity
        wordsPerHeap = 2 + 2 * capacity
        heapsPerPage = max(1, Self.pageBytes / (wordsPerHeap * 4))
    }

    /// The size of one page of heaps, in bytes.
    var bytesPerPage: Int { heapsPerPage * wordsPerHeap * 4 }

    /// The key of the page with the heap of `row`.
    func page(of row: Int) -> Int { row / heapsPerPage }

    /// The first word of the heap of `row` in its page.
    func offset(of row: Int) -> Int { row % heapsPerPage * wordsPerHeap }
}
