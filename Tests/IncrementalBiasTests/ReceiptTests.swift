import Foundation
import IncrementalBias
internal import ShardFormats
import Testing
import VectorMath

/// Which receipts a store keeps after many commits.
struct ReceiptTests {
    private let folder: TemporaryFolder
    private let corpus: Corpus

    init() throws {
        folder = try TemporaryFolder()
        let settings = RequestedSettings(metric: .innerProduct, precision: .float32)
        corpus = try Corpus(folder: folder.path, settings: settings, k: 3, threads: 1)
    }

    /// Ingests shards, each in a separate commit.
    ///
    /// - Parameters:
    ///   - count: the number of shards.
    ///   - names: the number of different file names, which are used in turn.
    ///   - acknowledging: whether each commit acknowledges the receipt of the previous one.
    private func ingest(_ count: Int, names: Int, acknowledging: Bool) throws {
        var acknowledged: Set<UInt64> = []
        for number in 0..<count {
            let shard = IncomingShard(
                name: "\(number % names).delete", role: .images, sha256: sha256(number), idsSHA256: nil, ids: ["a"],
                content: .deletion, received: .now)
            let outcomes = try corpus.ingest([shard], acknowledged: acknowledged, now: Date.init)
            guard case .applied(let receipt) = try #require(outcomes.first) else {
                Issue.record("shard \(number) has not taken effect")
                return
            }
            acknowledged = acknowledging ? [receipt.number] : []
        }
    }

    private func sha256(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 64 - digits.count) + digits
    }

    private var numbers: [UInt64] { get throws { try corpus.lastReceipts(1000).map(\.number) } }

    @Test func theLastReceiptsAndTheLastReceiptOfEachNameStay() throws {
        try ingest(200, names: 40, acknowledging: true)
        #expect(try numbers == (160..<200).reversed())
        try ingest(30, names: 5, acknowledging: true)
        let expected = [UInt64](165..<200) + [UInt64](214..<230)
        #expect(try numbers == expected.reversed())
        for name in 0..<40 {
            let receipt = try #require(try corpus.receipt(role: .images, name: "\(name).delete"))
            #expect(receipt.number == (name < 5 ? 225 + UInt64(name) : 160 + UInt64(name)))
        }
    }

    @Test func pendingReceiptsStay() throws {
        try ingest(60, names: 2, acknowledging: false)
        #expect(try numbers == (0..<60).reversed())
        #expect(try corpus.pendingReceipts().map(\.number) == [UInt64](0..<60))
    }
}
