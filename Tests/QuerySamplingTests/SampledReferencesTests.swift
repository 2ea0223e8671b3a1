import QuerySampling
import Testing

/// What one user's queries can be, and what is forgotten.
@Suite struct SampledReferencesTests {
    private func settings(maximum: Int = 10, share: Double? = 0.3, ttl: Double? = nil) -> SamplingSettings {
        SamplingSettings(
            rate: .percent(100), delay: 1, maximumReferences: maximum, secondsToLive: ttl, clientShare: share,
            k: 128, maximumShardBytes: 1 << 20)
    }

    private func hash(_ number: Int) -> QueryHash { QueryHash([Float(number), 1]) }

    @Test func aUserHasAtMostTheShare() {
        var references = SampledReferences(settings())
        var removed: [QueryHash] = []
        for number in 0..<100 {
            removed += references.add(hash(number), client: 7, now: Double(number))
            #expect(references.count(of: 7) <= 3)
        }
        // Its own oldest references make way.
        #expect(removed == (0..<97).map(hash))
        #expect(references.count == 3)
    }

    @Test(arguments: [(1, 1), (4, 1), (15, 3), (128, 32)])
    func byDefaultAUserHasAQuarterOfKReferences(k: Int, maximum: Int) {
        var settings = settings(maximum: 1000, share: nil)
        settings.k = k
        var references = SampledReferences(settings)
        for number in 0..<100 { _ = references.add(hash(number), client: 7, now: Double(number)) }
        #expect(references.count(of: 7) == maximum)
    }

    @Test func otherLimitsApplyToWhatIsCounted() {
        var references = SampledReferences(settings(share: 1))
        for number in 0..<10 { _ = references.add(hash(number), client: 1, now: 0) }
        references.apply(settings(share: 0.3))
        #expect(references.count(of: 1) == 10)
        #expect(references.add(hash(10), client: 1, now: 1) == (0..<8).map(hash))
        #expect(references.count(of: 1) == 3)
    }

    @Test func oneUserDoesNotTakeThePartsOfOthers() {
        var references = SampledReferences(settings())
        for number in 0..<3 { _ = references.add(hash(number), client: 1, now: 0) }
        for number in 3..<1000 { _ = references.add(hash(number), client: 2, now: 1) }
        #expect((references.count(of: 1), references.count(of: 2)) == (3, 3))
        #expect((0..<3).allSatisfy { references.age(of: hash($0), now: 2) == 2 })
    }

    @Test func theOldestBeyondTheMaximumAreForgotten() {
        var references = SampledReferences(settings(share: 1))
        for number in 0..<25 { #expect(references.add(hash(number), client: UInt32(number % 2), now: 0).isEmpty) }
        #expect(references.count == 10)
        #expect((0..<15).allSatisfy { references.age(of: hash($0), now: 0) == nil })
        #expect(references.count(of: 0) + references.count(of: 1) == 10)
    }

    @Test func aRenewedReferenceIsTheNewestAndStaysThatOfItsUser() {
        var references = SampledReferences(settings(share: 1))
        for number in 0..<10 { _ = references.add(hash(number), client: 1, now: 0) }
        #expect(references.add(hash(0), client: 2, now: 5).isEmpty)
        #expect((references.count, references.count(of: 1), references.count(of: 2)) == (10, 10, 0))
        _ = references.add(hash(10), client: 2, now: 6)
        #expect(references.age(of: hash(0), now: 6) == 1 && references.age(of: hash(1), now: 6) == nil)
    }

    @Test func expiredReferencesDoNotCount() {
        var references = SampledReferences(settings(ttl: 60))
        for number in 0..<3 { _ = references.add(hash(number), client: 1, now: 0) }
        #expect(references.add(hash(3), client: 1, now: 60).isEmpty)
        #expect((references.count, references.count(of: 1)) == (1, 1))
    }

    @Test func renewalsDoNotTakeMoreMemory() {
        var references = SampledReferences(settings())
        _ = references.add(hash(0), client: 1, now: 0)
        for time in 1..<10_000 { _ = references.add(hash(1), client: 1, now: Double(time)) }
        #expect(references.count == 2)
        #expect(references.elements < 300)
    }
}
