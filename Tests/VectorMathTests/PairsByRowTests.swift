import Testing
import VectorMath

@Suite struct PairsByRowTests {
    @Test(arguments: [0, 1, 5, 300]) func everyPairIsInTheGroupOfItsRow(count: Int) {
        var random = SplitMix64.forTest()
        let end = 40
        var pairs = PairsByRow()
        // Used twice: the second time must not see the pairs of the first.
        for _ in 0..<2 {
            let rows = (0..<500).map { _ in UInt32.random(in: 3..<UInt32(end), using: &random) }
            let positions = (0..<UInt32(500)).shuffled(using: &random).prefix(count)
            pairs.removeAll()
            for start in stride(from: 0, to: count, by: 100) {
                let part = positions[start..<min(start + 100, count)]
                pairs.add(atMost: 100) { target, end in
                    for (index, position) in part.enumerated() { target[end + index] = position }
                    return part.count
                }
            }
            #expect(pairs.count == count)
            pairs.group(by: rows, below: end)

            var found: [UInt32: [UInt32]] = [:]
            var order: [Int] = []
            var announced: [Int?] = []
            pairs.forEach { row, group, nextRow in
                order.append(row)
                announced.append(nextRow)
                found[UInt32(row)] = Array(pairs.positions[group])
            }
            #expect(found == Dictionary(grouping: positions) { rows[Int($0)] })
            #expect(order == order.sorted())
            #expect(announced == Array(order.dropFirst()) + (order.isEmpty ? [] : [nil]))
        }
    }
}
