import Testing
import nnnd

@Suite struct AllowanceTests {
    private let allowance = Allowance(100, free: 10)

    private func canGrow(_ share: Allowance.Share, to count: Int) -> Bool {
        do {
            try share.grow(to: count)
            return true
        } catch {
            return false
        }
    }

    @Test func allShareTheLimitBesideWhatIsFree() {
        let shares = (0..<3).map { _ in allowance.share() }
        #expect(canGrow(shares[0], to: 60))
        #expect(canGrow(shares[1], to: 60))
        #expect(canGrow(shares[2], to: 10))
    }

    @Test func whatIsGivenBackCanBeUsedAgain() {
        for _ in 0..<10 {
            let share = allowance.share()
            #expect(canGrow(share, to: 110))
        }
    }

    /// However they take turns, each with as much as the others.
    @Test(arguments: [3, 12]) func ofThoseThatGrowTogetherOneGetsThrough(count: Int) {
        let shares = (0..<count).map { _ in allowance.share() }
        var refused = Set<Int>()
        for size in 1...110 {
            // A refused one holds on to its share for a while.
            for index in shares.indices where !refused.contains(index) && !canGrow(shares[index], to: size) {
                refused.insert(index)
            }
        }
        #expect(refused.count < count)
        #expect(!refused.isEmpty)
    }

    @Test func onlyOneGoesBeyondTheLimit() {
        let shares = (0..<3).map { _ in allowance.share() }
        #expect(canGrow(shares[0], to: 110))
        #expect(canGrow(shares[1], to: 500))
        #expect(!canGrow(shares[2], to: 11))
        #expect(canGrow(shares[1], to: 1000))
    }

    @Test func anotherMayGoBeyondWhenTheFirstIsDone() {
        let first = allowance.share()
        #expect(canGrow(first, to: 110))
        for _ in 0..<3 {
            let other = allowance.share()
            #expect(canGrow(other, to: 500))
        }
        let last = allowance.share()
        #expect(canGrow(last, to: 11))
    }
}
