internal import CKernels

/// The candidates of some queries: for each query a list of rows with bounds of their scores.
package struct Candidates: Sendable {
    /// The lists one after another: list i begins at position `start(of: i)`.
    package var intervals: ScoreIntervals
    /// The maximum length of a list.
    package let capacity: Int
    private var lengths: [UInt32]
    /// Working memory of a scan.
    private var scratch: [UInt8]

    /// Makes empty lists.
    ///
    /// - Parameters:
    ///   - lists: the number of lists.
    ///   - capacity: the maximum length of a list.
    ///   - layout: the layout of the blocks whose rows become candidates.
    package init(lists: Int, capacity: Int, layout: CodeLayout) {
        intervals = ScoreIntervals(count: lists * capacity)
        self.capacity = capacity
        lengths = Array(repeating: 0, count: lists)
        scratch = Array(repeating: 0, count: ck_scan_scratch(layout.parts))
    }

    /// The number of lists.
    package var count: Int { lengths.count }

    /// The position in ``intervals`` at which a list begins.
    package func start(of list: Int) -> Int { list * capacity }

    /// The positions in ``intervals`` of the candidates in a list.
    package func positions(of list: Int) -> Range<Int> { start(of: list)..<start(of: list) + Int(lengths[list]) }

    /// The length of a list: its number of candidates.
    package subscript(countOf list: Int) -> Int {
        get { Int(lengths[list]) }
        set { lengths[list] = UInt32(newValue) }
    }

    /// Empties all lists.
    package mutating func removeAll() {
        for list in lengths.indices { lengths[list] = 0 }
    }

    /// Calls `body` with pointers to the lists and to working memory.
    ///
    /// - Parameters:
    ///   - count: the number of lists that `body` uses; they are the first ones.
    ///   - space: each of them must have space for so many more candidates.
    mutating func withPointers(count: Int, space: Int, _ body: (ck_candidates, UnsafeMutablePointer<UInt8>) -> Void) {
        let capacity = capacity
        precondition(count <= lengths.count && lengths[..<count].allSatisfy { Int($0) + space <= capacity })
        _ = unsafe intervals.withColumns(from: 0) { columns in
            unsafe lengths.withUnsafeMutableBufferPointer { lengths in
                unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                    guard let l = lengths.baseAddress, let s = scratch.baseAddress else { return }
                    unsafe body(ck_candidates(bounds: columns, capacity: capacity, counts: l), s)
                }
            }
        }
    }
}
