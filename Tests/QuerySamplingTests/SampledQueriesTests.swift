import Observability
import QuerySampling
import Synchronization
import Testing

/// Which queries become references, and when.
@Suite struct SampledQueriesTests {
    private func settings(
        _ rate: SamplingRate = .percent(100), delay: Double = 60, share: Double = 1, bytes: Int = 1 << 20
    ) -> SamplingSettings {
        SamplingSettings(
            rate: rate, delay: delay, maximumReferences: 1000, secondsToLive: nil, clientShare: share,
            k: 128, maximumShardBytes: bytes)
    }

    private func vector(_ number: Int) -> [Float] { [Float(number), 1] }

    private func added(_ change: SampledChange) -> [[Float]] { change.added.map(\.vector) }

    @Test func aQueryCountsAfterTheDelay() {
        let settings = settings()
        var sampling = SampledQueries(settings) { 0 }
        #expect(sampling.offer({ vector(1) }, client: 1, settings: settings, now: 0) == .sampled)
        #expect(sampling.offer({ vector(2) }, client: 1, settings: settings, now: 30) == .sampled)
        #expect(sampling.takeDue(settings: settings, dimension: 2, now: 59).isEmpty)
        #expect(added(sampling.takeDue(settings: settings, dimension: 2, now: 60)) == [vector(1)])
        #expect(added(sampling.takeDue(settings: settings, dimension: 2, now: 100)) == [vector(2)])
        #expect(sampling.takeDue(settings: settings, dimension: 2, now: 1000).isEmpty)
    }

    @Test func aRepeatedQueryIsOneReferenceThatIsRenewed() {
        let settings = settings()
        var sampling = SampledQueries(settings) { 0 }
        func offer(_ now: Double) -> SampledQueries.Outcome? {
            sampling.offer({ vector(1) }, client: 1, settings: settings, now: now)
        }
        #expect(offer(0) == .sampled && offer(1) == .repeated)
        let first = sampling.takeDue(settings: settings, dimension: 2, now: 60)
        #expect(added(first) == [vector(1)] && offer(61) == .repeated)
        #expect(offer(60 + SampledQueries.renewalInterval) == .sampled)
        let second = sampling.takeDue(settings: settings, dimension: 2, now: 10_000)
        #expect(second.added.map(\.id) == first.added.map(\.id) && second.removed.isEmpty)
    }

    @Test func aPartOfTheQueriesIsSampled() {
        let next = Atomic(0)
        var limit = RateLimit { Double(next.add(1, ordering: .relaxed).newValue % 100) / 100 }
        #expect((0..<10_000).count { _ in limit.admits(.percent(5), now: 0) } == 500)
    }

    @Test func aRateIsSpreadOverTheMinute() {
        var limit = RateLimit { 0 }
        // 100 queries a second for two minutes.
        let admitted = (0..<12_000).filter { limit.admits(.perMinute(60), now: Double($0) / 100) }
        #expect((119...121).contains(admitted.count))
        #expect(zip(admitted, admitted.dropFirst()).allSatisfy { $1 - $0 >= 99 })
        // After a pause there is no burst.
        #expect((0..<100).count { _ in limit.admits(.perMinute(60), now: 1000) } == 1)
    }

    @Test func whatWaitsIsBoundedForAllAndForOne() {
        let settings = settings(share: 0.25)
        var sampling = SampledQueries(settings) { 0 }
        func offer(_ count: Int, from first: Int, client: UInt32) -> Int {
            (first..<first + count).count { number in
                let vector = self.vector(number)
                return sampling.offer({ vector }, client: client, settings: settings, now: 0) == .sampled
            }
        }
        let quarter = WaitingQueries.maximumCount / 4
        #expect(offer(quarter + 100, from: 0, client: 1) == quarter)
        for client in 2...5 { _ = offer(quarter, from: Int(client) * 100_000, client: UInt32(client)) }
        #expect(offer(1, from: 999_999, client: 9) == 0)
    }

    @Test func aShardHasAMaximumSizeAndTheDimensionOfTheCorpus() {
        let settings = settings(delay: 0, bytes: 1600)
        var sampling = SampledQueries(settings) { 0 }
        for number in 0..<25 { _ = sampling.offer({ vector(number) }, client: 1, settings: settings, now: 0) }
        #expect(added(sampling.takeDue(settings: settings, dimension: 2, now: 1)) == (0..<10).map(vector))
        #expect(sampling.takeDue(settings: settings, dimension: 3, now: 1).isEmpty)
        #expect(sampling.takeDue(settings: settings, dimension: 2, now: 1).added.count > 0)
    }

    @Test func aUsersOldestReferencesAreRemoved() {
        var settings = settings(delay: 0, share: 0.01)
        settings.maximumReferences = 300
        var sampling = SampledQueries(settings) { 0 }
        var corpus: Set<String> = []
        for step in 0..<50 {
            for number in 0..<2 {
                _ = sampling.offer({ vector(step * 2 + number) }, client: 1, settings: settings, now: Double(step))
            }
            let change = sampling.takeDue(settings: settings, dimension: 2, now: Double(step))
            #expect(Set(change.added.map(\.id)).isDisjoint(with: change.removed))
            corpus.subtract(change.removed)
            corpus.formUnion(change.added.map(\.id))
            #expect(corpus.count <= 3)
        }
    }

    @Test func aChangeOfTheSettingsAllowsNobodyFurtherReferences() {
        var settings = settings(delay: 0, share: 0.003)
        var sampling = SampledQueries(settings) { 0 }
        var corpus: Set<String> = []
        for (step, rate) in [SamplingRate.percent(100), nil, .percent(50), nil, .percent(100)].enumerated() {
            settings.rate = rate
            sampling.apply(settings)
            for number in 0..<5 {
                _ = sampling.offer({ vector(step * 5 + number) }, client: 1, settings: settings, now: Double(step))
            }
            let change = sampling.takeDue(settings: settings, dimension: 2, now: Double(step))
            #expect((rate == nil) == change.isEmpty)
            corpus = corpus.subtracting(change.removed).union(change.added.map(\.id))
            #expect(corpus.count == 3)
        }
    }

    @Test func withoutARateWhatWaitsIsForgotten() {
        var settings = settings(delay: 10)
        var sampling = SampledQueries(settings) { 0 }
        _ = sampling.offer({ vector(1) }, client: 1, settings: settings, now: 0)
        settings.rate = nil
        sampling.apply(settings)
        #expect(sampling.takeDue(settings: settings, dimension: 2, now: 100).isEmpty)
    }

    @Test func theIDIsThatOfTheVector() {
        let id = QueryHash([1, -0.5]).id
        #expect(id == QueryHash([1, -0.5]).id && id != QueryHash([1, 0.5]).id)
        #expect(QueryHash([0, 1]).id == QueryHash([-0.0, 1]).id)
        #expect(id.hasPrefix("query:") && id.utf8.count == 38)
    }
}
