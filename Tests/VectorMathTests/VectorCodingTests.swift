import Testing
import VectorMath

extension KernelTests {
    @Suite struct VectorCodingTests {
        /// Floats and the half-precision numbers nearest to them (IEEE 754, ties to even).
        static let rounded: [(Float, Float)] = [
            (0, 0), (1, 1), (-1.5, -1.5), (1 + 0x1p-10, 1 + 0x1p-10),
            // Half of the last place: ties go to the even neighbour.
            (1 + 0x1p-11, 1), (1 + 3 * 0x1p-11, 1 + 0x1p-9), (2049, 2048), (2051, 2052), (-2051, -2052),
            // Just beside a tie.
            (1 + 0x1.004p-11, 1 + 0x1p-10), (1 + 0x1.ffcp-12, 1),
            // The largest number, and overflow.
            (65_504, 65_504), (65_519, 65_504), (65_520, .infinity), (-65_520, -.infinity), (1e30, .infinity),
            // Subnormal numbers, and underflow.
            (0x1p-14, 0x1p-14), (0x1p-24, 0x1p-24), (0x1.8p-24, 0x1p-23), (0x1p-25, 0), (0x1.01p-25, 0x1p-24),
            (-0x1p-26, 0),
            (.infinity, .infinity), (-.infinity, -.infinity),
        ]

        @Test(arguments: Kernels.Level.allCases) func float16RoundsToNearestWithTiesToEven(level: Kernels.Level) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            let coding = VectorCoding(.float16)
            // Alone and in a long vector: the first are converted with vector instructions, the last ones without.
            for (value, expected) in Self.rounded { #expect(coding.rounded([value]) == [expected], "\(value)") }
            let all = Array(repeatElement(Self.rounded, count: 3).joined())
            #expect(coding.rounded(all.map(\.0)) == all.map(\.1))
            #expect(coding.rounded([.nan])[0].isNaN)
        }

        @Test(arguments: Kernels.Level.allCases) func everyFloat16IsReadAsItself(level: Kernels.Level) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            let halves = (0...UInt16.max).filter { !Float16(bitPattern: $0).isNaN }
            let values = unsafe VectorCoding(.float16).decode(halves.span.bytes)
            #expect(values == halves.map { Float(Float16(bitPattern: $0)) })
            #expect(VectorCoding(.float16).rounded(values) == values)
        }

        @Test(arguments: Precision.allCases) func encodedVectorsAreReadAsTheirRoundedValues(precision: Precision) {
            let coding = VectorCoding(precision)
            let values = (0..<37).map { _ in Float.random(in: -10...10) }
            let rounded = coding.rounded(values)
            #expect((rounded == values) == (precision == .float32))
            // At an odd offset, to which no number is aligned.
            var bytes = [UInt8](repeating: 0xAA, count: 3 + values.count * precision.byteCount + 1)
            var span = bytes.mutableSpan
            var raw = unsafe span.mutableBytes
            coding.encode(values.span, into: &raw, at: 3)
            let stored = unsafe bytes.span.bytes.extracting(3..<bytes.count - 1)
            #expect(coding.decode(stored) == rounded)
            var target = [Float](repeating: -1, count: values.count + 4)
            coding.decode(stored, into: &target, at: 2)
            #expect(target == [-1, -1] + rounded + [-1, -1])
            #expect(bytes.prefix(3) == [0xAA, 0xAA, 0xAA] && bytes.last == 0xAA)
        }

        @Test(arguments: Precision.allCases) func storedVectorsAreSeenAsFloats(precision: Precision) {
            let coding = VectorCoding(precision)
            let scratch = FloatScratch()
            // The same memory is used for longer and shorter vectors.
            for count in [8, 40, 8] {
                let values = coding.rounded((0..<count).map { _ in Float.random(in: -10...10) })
                var bytes = [UInt64](repeating: 0, count: count * precision.byteCount / 8)
                var span = bytes.mutableSpan
                var raw = unsafe span.mutableBytes
                coding.encode(values.span, into: &raw)
                let seen = unsafe coding.withFloats(bytes.span.bytes, scratch: scratch) { floats in
                    floats.indices.map { floats[$0] }
                }
                #expect(seen == values)
            }
        }
    }
}
