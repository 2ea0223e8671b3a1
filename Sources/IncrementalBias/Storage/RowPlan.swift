/// The rows that some ids get, before they are recorded in the store.
package struct RowPlan: Equatable, Sendable {
    /// The rows, in the order of the ids.
    package var rows: [UInt32]
    /// For each id whether it has a row already.
    package var existed: [Bool]
    /// The free rows among `rows`, rising, which are used again.
    package var free: [UInt32] = []

    /// Makes a plan for `count` ids in which every row is 0 and none existed.
    init(count: Int) {
        rows = Array(repeating: 0, count: count)
        existed = Array(repeating: false, count: count)
    }
}
