import HTTPServer
import Testing

@Suite struct MemoryBudgetTests {
    private let budget = MemoryBudget(100, free: 10)

    private func canGrow(_ reservation: MemoryBudget.Reservation, to count: Int) -> Bool {
        do {
            try reservation.grow(to: count)
            return true
        } catch {
            return false
        }
    }

    @Test func allShareTheLimitBesideWhatIsFree() {
        let shares = (0..<3).map { _ in budget.reservation() }
        #expect(canGrow(shares[0], to: 60))
        #expect(canGrow(shares[1], to: 60))
        #expect(canGrow(shares[2], to: 10))
    }

    @Test func whatIsGivenBackCanBeUsedAgain() {
        for _ in 0..<10 {
            let reservation = budget.reservation()
            #expect(canGrow(reservation, to: 110))
        }
    }

    /// However they take turns, each with as much as the others.
    @Test(arguments: [3, 12]) func ofThoseThatGrowTogetherOneGetsThrough(count: Int) {
        let shares = (0..<count).map { _ in budget.reservation() }
        var refused = Set<Int>()
        for size in 1...110 {
            // A refused one holds on to its reservation for a while.
            for index in shares.indices where !refused.contains(index) && !canGrow(shares[index], to: size) {
                refused.insert(index)
            }
        }
        #expect(refused.count < count)
        #expect(!refused.isEmpty)
    }

    @Test func onlyOneGoesBeyondTheLimit() {
        let shares = (0..<3).map { _ in budget.reservation() }
        #expect(canGrow(shares[0], to: 110))
        #expect(canGrow(shares[1], to: 500))
        #expect(!canGrow(shares[2], to: 11))
        #expect(canGrow(shares[1], to: 1000))
    }

    @Test func anotherMayGoBeyondWhenTheFirstIsDone() {
        let first = budget.reservation()
        #expect(canGrow(first, to: 110))
        for _ in 0..<3 {
            let other = budget.reservation()
            #expect(canGrow(other, to: 500))
        }
        let last = budget.reservation()
        #expect(canGrow(last, to: 11))
    }
}
