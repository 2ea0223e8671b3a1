/// The rows that ``IdentityTable`` will give to some ids; nothing is written yet.
package struct RowPlan: Equatable, Sendable {
    /// The rows, in the order of the ids.
    package var rows: [UInt32]
    /// For each id whether it has a row already.
    package var existed: [Bool]
    /// The rows of the plan that are free rows now, in ascending order.
    package var free: [UInt32] = []

    /// Creates a plan for `count` ids, to be filled in: every row is 0, and no id existed.
    init(count: Int) {
        rows = Array(repeating: 0, count: count)
        existed = Array(repeating: false, count: count)
    }
}
