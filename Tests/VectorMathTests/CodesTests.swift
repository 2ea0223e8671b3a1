import Foundation
import Testing
import VectorMath

/// The bounds from codes are valid for every vector, with every instruction set.
extension KernelTests {
    @Suite struct CodesTests {
        /// A random vector that is hard to bound: very short or long, of equal magnitudes, with one large component, or
        /// zero.
        private static func vector(_ dimension: Int, _ random: inout SplitMix64) -> [Float] {
            let length = Float.random(in: -20...20, using: &random)
            let shape = Int.random(in: 0..<4, using: &random)
            return (0..<dimension).map { i in
                switch shape {
                case 0: Float.random(in: -1...1, using: &random) * exp2(length)
                case 1: Float(Int.random(in: -1...1, using: &random)) * exp2(length)
                case 2: i == 0 ? exp2(length) : Float.random(in: -1e-4...1e-4, using: &random)
                default: 0
                }
            }
        }

        private static func product(_ a: [Float], _ b: [Float]) -> Double {
            zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }

        /// Rows with codes, and queries that are compared with them.
        private struct Setting {
            let layout: CodeLayout
            let rows: [[Float]]
            let queries: [[Float]]
            let alphas: [Float]
            let means: [Float]
            let block: [UInt8]
            let coded: CodedQueries
            let basis: CodeBasis

            /// - Parameters:
            ///   - isTrained: whether the basis is that of the vectors, or one without centres.
            ///   - given: vectors that take the places of the first random rows and queries.
            init(
                _ dimension: Int, isTrained: Bool, given: [[Float]] = [], _ random: inout SplitMix64
            ) {
                layout = CodeLayout(rows: dimension > 4096 ? 64 : 128, dimension: dimension)
                let center = CodesTests.vector(dimension, &random)
                rows =
                    given
                    + (given.count..<layout.rows).map { index in
                        let vector = CodesTests.vector(dimension, &random)
                        return index % 3 == 0 ? zip(vector, center).map(+) : vector
                    }
                queries = given + (given.count..<9).map { _ in CodesTests.vector(dimension, &random) }
                alphas = [0, 0.5, 1, 1, 0.75, 3, 1, 1, 1]
                var means = rows.map { _ in Float.random(in: -1...1, using: &random) }
                means[7] = .infinity
                self.means = means
                let (flatRows, flatQueries) = (rows.flatMap(\.self), queries.flatMap(\.self))
                let counts = CodeBasis.CorpusCounts(images: rows.count, references: queries.count)
                basis =
                    isTrained
                    ? CodeBasis(
                        images: flatRows.span, references: flatQueries.span, dimension: dimension, corpusCounts: counts)
                    : CodeBasis(dimension: dimension)
                let codes = Codes(flatRows.span, .image, basis: basis, layout: layout)
                var block = [UInt8](repeating: 0, count: layout.byteCount)
                var span = block.mutableSpan
                var bytes = unsafe span.mutableBytes
                for row in rows.indices { codes.write(row, to: &bytes, slot: row) }
                self.block = block
                coded = CodedQueries(
                    flatQueries.span, .reference, alphas: alphas, basis: basis, layout: layout, for: [.halves, .whole])
            }

            /// The rows that a scan finds for each query of a range, with their bounds.
            func found(
                _ range: Range<Int>, thresholds: [Float], _ kind: CodedQueries.ScanKind = .halves
            ) -> [[(row: Int, lower: Float, upper: Float)]] {
                var candidates = Candidates(lists: range.count, capacity: layout.rows, layout: layout)
                _ = unsafe coded.scan(
                    block.span.bytes, next: block.span.bytes, queries: range, means: means.span,
                    thresholds: thresholds, firstRow: 0, kind: kind, into: &candidates)
                return (0..<range.count).map { list in
                    candidates.positions(of: list).map { candidates.intervals[$0] }
                }
            }

            func exactScore(_ query: Int, _ row: Int) -> Double {
                CodesTests.product(rows[row], queries[query]) - Double(alphas[query]) * Double(means[row])
            }
        }

        private static let dimensions = [1, 5, 16, 63, 64, 65, 384, 515, 4100, 65_536]

        @Test(arguments: Kernels.Level.allCases, [CodedQueries.ScanKind.halves, .whole])
        func everyScoreIsWithinItsBounds(level: Kernels.Level, kind: CodedQueries.ScanKind) {
            for isTrained in [false, true] { check(level, kind, isTrained: isTrained) }
        }

        private func check(_ level: Kernels.Level, _ kind: CodedQueries.ScanKind, isTrained: Bool) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            var random = SplitMix64.forTest()
            for dimension in Self.dimensions {
                check(Setting(dimension, isTrained: isTrained, &random), kind, "\(level), dimension \(dimension)")
            }
        }

        private func check(_ setting: Setting, _ kind: CodedQueries.ScanKind, _ place: Comment) {
            let (rows, queries) = (setting.rows, setting.queries)
            let lowest = [Float](repeating: -.infinity, count: queries.count)
            let found = setting.found(0..<queries.count, thresholds: lowest, kind)
            for (query, vector) in queries.enumerated() {
                #expect(found[query].map(\.row) == rows.indices.filter { $0 != 7 }, place)
                for (row, lower, upper) in found[query] {
                    let score = setting.exactScore(query, row)
                    let stored = rows[row]
                    let mean = setting.alphas[query] * setting.means[row]
                    let exact = Kernels.product(stored.span, vector.span) - mean
                    #expect(Double(upper) >= score && Double(lower) <= score, place)
                    #expect(upper >= exact && lower <= exact, place)
                }
            }
        }

        /// All components of these vectors have the largest code, or its negative, so that sums of products are as
        /// large as they can be.
        @Test(arguments: Kernels.Level.allCases, [CodedQueries.ScanKind.halves, .whole])
        func sumsOfTheLargestCodesDoNotOverflow(level: Kernels.Level, kind: CodedQueries.ScanKind) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            var random = SplitMix64.forTest()
            for dimension in [16, 64, 384, 512] {
                // The rotation R keeps products, so the vector x with R x = (1, ..., 1) has the components
                // x.e = (R x).(R e) = the sum of the components of R e, for each unit vector e.
                let zeros = [Float](repeating: 0, count: dimension)
                let ones = (0..<dimension).map { index in
                    var unit = zeros
                    unit[index] = 1
                    var rotated = zeros
                    CodeBasis(dimension: dimension).rotation.apply(unit.span, center: zeros.span, into: &rotated)
                    return rotated.reduce(0, +)
                }
                let setting = Setting(dimension, isTrained: false, given: [ones, ones.map { -$0 }], &random)
                check(setting, kind, "\(level), dimension \(dimension)")
            }
        }

        /// Products of numbers below 2^-63 have fewer digits than other floats.
        @Test(arguments: Kernels.Level.allCases, [CodedQueries.ScanKind.halves, .whole])
        func theBoundsHoldForProductsThatUnderflow(level: Kernels.Level, kind: CodedQueries.ScanKind) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            var random = SplitMix64.forTest()
            for (dimension, exponent) in [(64, -75), (512, -70), (512, -80), (4096, -74)] as [(Int, Float)] {
                let layout = CodeLayout(rows: 64, dimension: dimension)
                func vectors(_ count: Int) -> [Float] {
                    (0..<count * dimension).map { _ in Float.random(in: 0.5...1, using: &random) * exp2(exponent) }
                }
                let (rows, query) = (vectors(layout.rows), vectors(1))
                let basis = CodeBasis(dimension: dimension)
                let coded = CodedQueries(
                    query.span, .reference, alphas: [0], basis: basis, layout: layout, for: [kind])
                let means = [Float](repeating: 0, count: layout.rows)
                var candidates = Candidates(lists: 1, capacity: layout.rows, layout: layout)
                CodeBlock(rows.span, .image, basis: basis, layout: layout).withBytes { block in
                    _ = coded.scan(
                        block, next: block, queries: 0..<1, means: means.span, thresholds: [-.infinity], firstRow: 0,
                        kind: kind, into: &candidates)
                }
                #expect(candidates[countOf: 0] == layout.rows)
                for position in candidates.positions(of: 0) {
                    let (row, lower, upper) = candidates.intervals[position]
                    let vector = rows.span.extracting(row * dimension..<(row + 1) * dimension)
                    let exact = Kernels.product(vector, query.span)
                    #expect(lower <= exact && exact <= upper, "\(level), dimension \(dimension), 2^\(exponent)")
                }
            }
        }

        @Test(arguments: Kernels.Level.allCases)
        func theRowsThatReachAThresholdAreFoundInAnyBatch(level: Kernels.Level) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            var random = SplitMix64.forTest()
            for dimension in [16, 100, 512] {
                let setting = Setting(dimension, isTrained: true, &random)
                let thresholds = setting.queries.indices.map { query in
                    let scores = setting.rows.indices.map { setting.exactScore(query, $0) }
                    return Float(scores.sorted()[setting.rows.count - 10])
                }
                for (count, kind) in (1...setting.queries.count).flatMap({
                    [($0, CodedQueries.ScanKind.halves), ($0, .whole)]
                }) {
                    let found = setting.found(0..<count, thresholds: thresholds, kind)
                    for query in 0..<count {
                        let rows = Set(found[query].map(\.row))
                        for row in setting.rows.indices
                        where setting.exactScore(query, row) >= Double(thresholds[query]) {
                            #expect(rows.contains(row))
                        }
                        let alone = setting.found(query..<query + 1, thresholds: [thresholds[query]], kind)[0]
                        #expect(found[query].elementsEqual(alone, by: ==))
                        #expect(found[query].allSatisfy { $0.upper >= thresholds[query] })
                    }
                }
            }
        }

        @Test(arguments: [false, true]) func storedCodesHaveValidBounds(isTrained: Bool) {
            var random = SplitMix64.forTest()
            for dimension in Self.dimensions {
                let setting = Setting(dimension, isTrained: isTrained, &random)
                // Farther away than a code can lose: the centre is not longer than the longest vector.
                let distance = 1000 * (1 + setting.rows.joined().reduce(0) { max($0, abs($1)) })
                for (row, vector) in setting.rows.enumerated() {
                    let isValid = unsafe setting.layout.hasValidBounds(
                        for: vector, basis: setting.basis, in: setting.block.span.bytes, slot: row)
                    #expect(isValid, "dimension \(dimension), row \(row)")
                    let other = vector.map { $0 + distance }
                    let isValidForOther = unsafe setting.layout.hasValidBounds(
                        for: other, basis: setting.basis, in: setting.block.span.bytes, slot: row)
                    #expect(!isValidForOther, "dimension \(dimension), row \(row)")
                }
            }
        }

        @Test func aBasisIsReadFromItsStoredForm() throws {
            var random = SplitMix64.forTest()
            let dimension = 48
            let images = (0..<100 * dimension).map { _ in Float.random(in: -1...1, using: &random) }
            let references = images.span.extracting(first: 480)
            let counts = CodeBasis.CorpusCounts(images: 100, references: 10)
            let basis = CodeBasis(
                images: images.span, references: references, dimension: dimension, corpusCounts: counts)
            let bytes = basis.encoded
            let read = try #require(unsafe CodeBasis(bytes: bytes.span.bytes, dimension: dimension))
            #expect(read.encoded == bytes)
            #expect(read.corpusCounts == counts)
            for damaged in [0, 7, 30, 8 + 8 * dimension, bytes.count / 2, bytes.count - 1] {
                var changed = bytes
                changed[damaged] ^= 1
                #expect(unsafe CodeBasis(bytes: changed.span.bytes, dimension: dimension) == nil)
            }
            #expect(unsafe CodeBasis(bytes: bytes.span.bytes, dimension: 47) == nil)
            #expect(unsafe CodeBasis(bytes: bytes.span.extracting(first: 20).bytes, dimension: dimension) == nil)
        }

        @Test(arguments: Kernels.Level.allCases) func aProductIsTheSameInEveryMatrix(level: Kernels.Level) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            var random = SplitMix64.forTest()
            for (rows, queries, dimension) in [(1, 1, 3), (7, 5, 64), (13, 9, 131), (32, 33, 384)] {
                let matrix = (0..<rows * dimension).map { _ in Float.random(in: -1...1, using: &random) }
                let others = (0..<queries * dimension).map { _ in Float.random(in: -1...1, using: &random) }
                var out = [Float](repeating: 0, count: rows * queries)
                Kernels.products(matrix.span, others.span, dimension: dimension, into: &out)
                for row in 0..<rows {
                    for query in 0..<queries {
                        let a = matrix.span.extracting(row * dimension..<(row + 1) * dimension)
                        let b = others.span.extracting(query * dimension..<(query + 1) * dimension)
                        let alone = Kernels.product(a, b)
                        let together = out[query * rows + row]
                        #expect(together == alone)
                        let exact = Self.product(
                            Array(matrix[row * dimension..<(row + 1) * dimension]),
                            Array(others[query * dimension..<(query + 1) * dimension]))
                        #expect(abs(Double(together) - exact) < 1e-4)
                    }
                }
            }
        }
    }
}
