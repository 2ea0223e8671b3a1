import IncrementalBias
import ShardFormats
import Testing

/// Heaps that another program computed give the corpus that nnnd would have computed, or are rejected.
@Suite struct ImportedHeapsTests {
    private let fixture: CorpusFixture
    private let references: [[Float]]
    private let images: [[Float]]
    private static let imageCount = 150
    private static let referenceCount = 40

    private var corpus: Corpus { fixture.corpus }
    private let imageIDs = (0..<imageCount).map { "i\($0)" }

    init() throws {
        var random = RandomSource(seed: 22)
        func vectors(_ count: Int) -> [[Float]] {
            (0..<count).map { _ in (0..<4).map { _ in Float.random(in: -1...1, using: &random) } }
        }
        (references, images) = (vectors(Self.referenceCount), vectors(Self.imageCount))
        fixture = try CorpusFixture(k: 2, capacity: 6)
        try fixture.ingest([fixture.shard("r.npy", .references, Self.referenceIDs, references)])
    }

    private static let referenceIDs = (0..<referenceCount).map { "r\($0)" }

    /// The heaps of `images` with `width` references, computed in double precision.
    private func heaps(width: Int = 6) -> HeapFile {
        var (places, similarities): ([UInt32], [Float]) = ([], [])
        for image in images {
            let products = references.map { zip(image, $0).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
            let best = products.indices.sorted { products[$0] > products[$1] }.prefix(width)
            places += best.map { UInt32($0) }
            similarities += best.map { Float(products[$0]) }
        }
        return HeapFile(
            images: images.count, width: width, references: places, similarities: similarities,
            referenceIDs: Self.referenceIDs, referenceCount: references.count, referenceChecksum: checksum)
    }

    private var checksum: [Double] {
        (0..<4).map { component in
            zip(Self.referenceIDs, references).reduce(0.0) { sum, reference in
                let id = Array(reference.0.utf8)
                return unsafe sum + HeapFile.weight(ofReference: id.span.bytes) * Double(reference.1[component])
            }
        }
    }

    private func stage(_ file: HeapFile, share: Double = 1) throws -> StagedImages? {
        let source = ArraySource(images.flatMap(\.self), dimension: 4)
        return try corpus.stage(
            ids: imageIDs, from: source, heaps: ImportedHeaps(file, checkedShare: share), rowsPerPiece: 70)
    }

    private func ingest(_ file: HeapFile, share: Double = 1) throws {
        let staged = try #require(try stage(file, share: share))
        try fixture.ingest([fixture.shard("i.npy", .images, imageIDs, .staged(staged), hash: "i")])
    }

    @Test(arguments: [(3, 0.0), (6, 0.0), (6, 1.0), (9, 0.01), (Self.referenceCount, 0.0)])
    func theCorpusIsTheOneThatNNNDComputes(width: Int, share: Double) throws {
        try ingest(heaps(width: width), share: share)
        let own = try CorpusFixture(k: 2, capacity: 6)
        try own.ingest([own.shard("r.npy", .references, Self.referenceIDs, references)])
        try own.ingest([own.shard("i.npy", imageIDs, images)])
        for id in imageIDs {
            let (imported, computed) = (try corpus.explainImage(id), try own.corpus.explainImage(id))
            #expect(imported?.mean == computed?.mean)
            let count = try #require(imported?.references.count)
            #expect(count >= 2)
            #expect(imported?.references.map(\.id) == computed?.references.prefix(count).map(\.id))
            #expect(imported?.references.map(\.similarity) == computed?.references.prefix(count).map(\.similarity))
        }
        #expect(try corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func laterChangesKeepMeansRight() throws {
        try ingest(heaps(), share: 0)
        for step in 0..<8 {
            let removed = (0..<4).map { "r\(4 * step + $0)" }
            try fixture.ingest([fixture.deletion("d\(step)", .references, removed)])
            try fixture.ingest([fixture.shard("n\(step)", .references, ["n\(step)"], [images[step].map { $0 * 0.5 }])])
            #expect(try corpus.verify(sample: nil).wrongCount == 0)
        }
    }

    @Test func anImageThatExistsPreventsTheImport() throws {
        try fixture.ingest([fixture.shard("i.npy", ["i3"], [images[3]])])
        #expect(try stage(heaps()) == nil)
    }

    @Test func heapsOfOtherImagesOrReferencesAreRejected() throws {
        let file = heaps()
        var other = file.referenceChecksum
        other[2] += 0.01
        let cases: [(HeapFile, HeapFault)] = [
            (file.with(images: 149), .otherImages(found: 149, expected: 150)),
            (file.with(referenceCount: 41), .otherReferenceCount(found: 41, expected: 40)),
            (file.with(checksum: other), .otherReferences),
            (file.with(checksum: [.nan, 0, 0, 0]), .otherReferences),
            (file.with(checksum: []), .otherReferences),
            (file.with(ids: ["x"] + Self.referenceIDs.dropFirst()), .unknownReference("x")),
            (heaps(width: 2), .tooShort(found: 2, expected: 2)),
        ]
        for (file, fault) in cases { #expect(throws: fault) { try stage(file, share: 0) } }
        #expect(try corpus.state().images.count == 0)
    }

    @Test func heapsOfOtherVectorsOfReferencesAreRejected() throws {
        try fixture.ingest([fixture.shard("r2.npy", .references, ["r7"], [[0, 0, 0.1, 0]])])
        #expect(throws: HeapFault.otherReferences) { try stage(heaps(), share: 0) }
    }

    @Test func wrongHeapsAreRejected() throws {
        let file = heaps()
        var similarities = file.similarities
        similarities[6 * 5] += 0.001
        #expect(throws: HeapFault.wrongSimilarities(rows: [5])) {
            try stage(file.with(similarities: similarities), share: 0)
        }
        var repeated = (file.references, file.similarities)
        for row in [7, 60] {
            repeated.0[6 * row + 1] = repeated.0[6 * row]
            repeated.1[6 * row + 1] = repeated.1[6 * row]
        }
        #expect(throws: HeapFault.repeatedReferences(rows: [7, 60])) {
            try stage(file.with(references: repeated.0, similarities: repeated.1), share: 0)
        }
    }

    @Test(arguments: [0.0, 0.01, 1.0]) func heapsThatLackReferencesAreFound(share: Double) throws {
        // All heaps lack their best reference; at least 100 of 150 are checked.
        let wide = heaps(width: 7)
        let kept = wide.references.indices.filter { $0 % 7 != 0 }
        let file = heaps().with(
            references: kept.map { wide.references[$0] }, similarities: kept.map { wide.similarities[$0] })
        let fault = #expect(throws: HeapFault.self) { try stage(file, share: share) }
        guard case .missingReferences(let rows) = fault else { throw Unexpected() }
        #expect(!rows.isEmpty)
        #expect(try corpus.state().images.count == 0)
    }

    @Test func everyHeapIsCheckedIfAsked() throws {
        let wide = heaps(width: 7)
        let kept = wide.references.indices.filter { $0 / 7 == 149 ? $0 % 7 != 0 : $0 % 7 != 6 }
        let file = heaps().with(
            references: kept.map { wide.references[$0] }, similarities: kept.map { wide.similarities[$0] })
        #expect(throws: HeapFault.missingReferences(rows: [149])) { try stage(file, share: 1) }
    }

    private struct Unexpected: Error {}
}

extension HeapFile {
    /// The same heaps with other values.
    fileprivate func with(
        images: Int? = nil, references: [UInt32]? = nil, similarities: [Float]? = nil, ids: [String]? = nil,
        referenceCount: Int? = nil, checksum: [Double]? = nil
    ) -> HeapFile {
        HeapFile(
            images: images ?? self.images, width: width, references: references ?? self.references,
            similarities: similarities ?? self.similarities, referenceIDs: ids ?? referenceIDs,
            referenceCount: referenceCount ?? self.referenceCount,
            referenceChecksum: checksum ?? referenceChecksum)
    }
}
