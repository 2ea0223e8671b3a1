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

    @Test func reservationsShareTheLimitBesideTheirFreePart() {
        let reservations = (0..<3).map { _ in budget.reservation() }
        #expect(canGrow(reservations[0], to: 60))
        #expect(canGrow(reservations[1], to: 60))
        #expect(canGrow(reservations[2], to: 10))
    }

    @Test func anEndedReservationCanBeUsedAgain() {
        for _ in 0..<10 {
            let reservation = budget.reservation()
            #expect(canGrow(reservation, to: 110))
        }
    }

    /// They take turns, each with as much as the others.
    @Test(arguments: [3, 12]) func ofRequestsThatGrowTogetherOneSucceeds(count: Int) {
        let reservations = (0..<count).map { _ in budget.reservation() }
        var rejected = Set<Int>()
        for size in 1...110 {
            // A rejected request keeps its reservation for a while.
            for index in reservations.indices where !rejected.contains(index) && !canGrow(reservations[index], to: size)
            {
                rejected.insert(index)
            }
        }
        #expect(rejected.count < count)
        #expect(!rejected.isEmpty)
    }

    @Test func onlyOneRequestExceedsTheLimit() {
        let reservations = (0..<3).map { _ in budget.reservation() }
        #expect(canGrow(reservations[0], to: 110))
        #expect(canGrow(reservations[1], to: 500))
        #expect(!canGrow(reservations[2], to: 11))
        #expect(canGrow(reservations[1], to: 1000))
    }

    @Test func anotherRequestCanExceedTheLimitWhenTheFirstHasEnded() {
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
