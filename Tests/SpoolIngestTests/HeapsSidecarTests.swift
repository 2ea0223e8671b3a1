import Foundation
import IncrementalBias
import Observability
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing
import WireAPI

/// A shard of images brings its heaps in the file NAME.heaps.npz.
@Suite struct HeapsSidecarTests {
    private let spool: TestSpool

    init() throws {
        spool = try TestSpool()
        try spool.write(
            NPY.write(Matrix(rows: 3, dimension: 2, values: [1, 0, 0, 1, 1, 1])), spool.folders.incoming(.references),
            "r.npy")
        try spool.run()
    }

    /// The heaps of `npy(2)`, whose vectors are (1, 2) and (3, 4).
    private func heaps(_ similarities: [Float] = [3, 2, 1, 7, 4, 3], count: UInt64 = 3) -> [UInt8] {
        let ids = ["r:0", "r:1", "r:2"]
        let weights = ids.map { id in
            let bytes = Array(id.utf8)
            return unsafe HeapFile.weight(ofReference: bytes.span.bytes)
        }
        return NPZFile([
            NPZArray("references", shape: [2, 3], .uint32([2, 1, 0, 2, 1, 0])),
            NPZArray("similarities", shape: [2, 3], .float32(similarities)),
            NPZArray("reference_ids", shape: [3], .text(ids)),
            NPZArray("reference_count", shape: [], .uint64([count])),
            NPZArray(
                "reference_checksum", shape: [2], .float64([weights[0] + weights[2], weights[1] + weights[2]])),
        ]).bytes
    }

    private func drop(_ heaps: [UInt8], _ name: String = "s.npy", ids: [UInt8]? = nil) throws {
        try spool.write(heaps, spool.folders.incoming(.images), try #require(SpoolNames.heaps(of: name)))
        try spool.drop(name, npy(2), ids: ids)
    }

    @Test func theShardTakesEffectWithItsHeaps() throws {
        try drop(heaps(), ids: lines("a", "b"))
        try spool.run()
        #expect(try spool.files == ["done": ["s.heaps.npz", "s.ids", "s.npy", "s.npy.receipt.json"]])
        #expect(try spool.receipt("s.npy")?.rows == 2)
        #expect(try spool.corpus.explainImage("b")?.mean == 5.5)
        #expect(try spool.corpus.explainImage("b")?.references.map(\.similarity) == [7, 4, 3])
        #expect(try spool.corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func aLargeShardTakesEffectWithItsHeaps() throws {
        let spool = try TestSpool(minimumStagedBytes: 0)
        try spool.write(
            NPY.write(Matrix(rows: 3, dimension: 2, values: [1, 0, 0, 1, 1, 1])), spool.folders.incoming(.references),
            "r.npy")
        try spool.run()
        try spool.write(heaps(), spool.folders.incoming(.images), "s.heaps.npz")
        try spool.drop("s.npy", npy(2))
        try spool.run()
        #expect(try spool.receipt("s.npy")?.rows == 2)
        #expect(try spool.corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func finishedHeapsAreDeletedWithTheirShard() throws {
        spool.set { $0.finishedShards = .delete }
        try drop(heaps())
        try spool.run()
        #expect(try spool.files == ["done": ["s.npy.receipt.json"]])
    }

    @Test func heapsThatDontHoldAreRejectedWithTheirShard() throws {
        let truncated = Array(heaps().dropLast(40))
        let cases: [([UInt8], String)] = [
            (heaps([3, 2, 1, 7, 4, 2.9]), "heaps_wrong"), (heaps(count: 4), "heaps_stale"), (truncated, "truncated"),
            (Array("nothing".utf8), "not_a_shard"),
        ]
        for (number, (bytes, code)) in cases.enumerated() {
            let name = "s\(number).npy"
            try drop(bytes, name, ids: lines("a", "b"))
            try spool.run()
            let failure = try #require(try spool.failure(name))
            #expect(failure.code == code)
            #expect(failure.message.hasPrefix("s\(number).heaps.npz: ") || code.hasPrefix("heaps_"))
            #expect(try spool.files["failed"]?.contains("s\(number).heaps.npz") == true)
            #expect(try spool.files["failed"]?.contains("s\(number).ids") == true)
        }
        #expect(try spool.images == 0)
        // Without the heaps the same shard is right.
        try spool.drop("s0.npy", npy(2), ids: lines("a", "b"))
        try spool.run()
        #expect(try spool.images == 2)
    }

    @Test func referencesCantHaveHeaps() throws {
        try spool.write(heaps(), spool.folders.incoming(.references), "x.heaps.npz")
        try spool.write(npy(2), spool.folders.incoming(.references), "x.npy")
        try spool.run()
        #expect(try spool.corpus.state().references.count == 3)
        let failed = try spool.names(spool.folders.failed(.references))
        #expect(failed == ["x.heaps.npz", "x.npy", "x.npy.error.json"])
    }

    @Test func heapsOfImagesThatExistAreNotUsed() throws {
        try spool.drop("first.npy", npy(1), ids: lines("a"))
        try spool.run()
        try drop(heaps(), ids: lines("a", "b"))
        try spool.run()
        #expect(try spool.receipt("s.npy")?.replaced == 1)
        #expect(try spool.corpus.explainImage("b")?.mean == 5.5)
        #expect(try spool.corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func theSameShardWithOrWithoutHeapsIsUnchanged() throws {
        try drop(heaps())
        try spool.run()
        try spool.drop("s.npy", npy(2))
        try spool.run()
        #expect(try spool.receipt("s.npy")?.unchanged == true)
        try spool.drop("s.delete", lines("s:0"))
        try drop(heaps(count: 9))
        try spool.run()
        #expect(try spool.receipt("s.npy")?.unchanged == true)
        #expect(try spool.files["processing"] == nil)
    }

    @Test func aShardWaitsForHeapsThatAreBeingWritten() throws {
        spool.set { $0.quietSeconds = 10 }
        try drop(Array(heaps().dropLast(40)))
        spool.noteRenamed("s.npy")
        try spool.run()
        #expect(try spool.receipt("s.npy") == nil)
        spool.clock.advance(11)
        try spool.run()
        #expect(try spool.files["images"] == ["s.heaps.npz", "s.npy"])
        try spool.write(heaps(), spool.folders.incoming(.images), "s.heaps.npz")
        spool.clock.advance(11)
        try spool.run()
        #expect(try spool.receipt("s.npy")?.rows == 2)
    }

    @Test func heapsWithoutAShardAreReported() throws {
        try spool.write(heaps(), spool.folders.incoming(.images), "s.heaps.npz")
        spool.clock.advance(100)
        try spool.run()
        #expect(spool.status.unused.files.map(\.reason) == [.heapsWithoutShard])
    }

    /// Each move of a claim or of publishing can be the last before a crash.
    @Test(arguments: ["images", "processing/images", "processing/done/images"])
    func heapsAreRecoveredWithTheirShard(folder: String) throws {
        try drop(heaps())
        let shard = try #require(try spool.claim("s.npy"))
        #expect(shard.heaps == "s.heaps.npz")
        try spool.run()
        #expect(try spool.receipt("s.npy")?.rows == 2)
        // As if the shard had been claimed and not published.
        for name in ["s.npy", "s.heaps.npz"] {
            let target = name == "s.npy" ? spool.folders.processing(.images) : "\(spool.folders.root)/\(folder)"
            try FileSystem.move("\(spool.folders.done(.images))/\(name)", to: "\(target)/\(name)")
        }
        spool.restart()
        try spool.run()
        #expect(try spool.receipt("s.npy") != nil)
        #expect(try spool.images == 2)
        let left = try spool.files["images"] ?? []
        #expect(left == (folder == "images" ? ["s.heaps.npz"] : []))
        #expect(try spool.files["processing"] == nil)
    }
}
