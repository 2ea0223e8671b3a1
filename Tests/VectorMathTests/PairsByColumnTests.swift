import Testing
import VectorMath

@Suite struct PairsByColumnTests {
    @Test(arguments: [0, 1, 5, 300]) func everyPairIsInTheGroupOfItsColumn(count: Int) {
        var random = SystemRandomNumberGenerator()
        let end = 40
        var pairs = PairsByColumn()
        // Used twice: the second time must not see the pairs of the first.
        for _ in 0..<2 {
            let columns = (0..<500).map { _ in UInt32.random(in: 3..<UInt32(end), using: &random) }
            let places = (0..<UInt32(500)).shuffled(using: &random).prefix(count)
            pairs.begin()
            for start in stride(from: 0, to: count, by: 100) {
                let part = places[start..<min(start + 100, count)]
                pairs.add(atMost: 100) { target, position in
                    for (index, place) in part.enumerated() { target[position + index] = place }
                    return part.count
                }
            }
            #expect(pairs.count == count)
            pairs.group(by: columns, below: end)

            var found: [UInt32: [UInt32]] = [:]
            var order: [Int] = []
            var announced: [Int?] = []
            pairs.forEach { column, group, next in
                order.append(column)
                announced.append(next)
                found[UInt32(column)] = Array(pairs.places[group])
            }
            #expect(found == Dictionary(grouping: places) { columns[Int($0)] })
            #expect(order == order.sorted())
            #expect(announced == Array(order.dropFirst()) + (order.isEmpty ? [] : [nil]))
        }
    }
}
