import Testing
import VectorMath

@Suite struct NumberViewTests {
    @Test(arguments: 0..<8) func anIntegerOfAnyAlignmentIsRead(offset: Int) {
        let bytes = Array(repeating: 0xFF, count: offset) + [1, 2, 3, 4, 5, 6, 7, 8].map { UInt8($0) }
        let span = unsafe bytes.span.bytes
        #expect(NumberView.uint32(span.extracting(offset..<offset + 4)) == 0x0403_0201)
        #expect(NumberView.uint64(span.extracting(offset..<offset + 8)) == 0x0807_0605_0403_0201)
    }

    @Test func floatsAndIntegersAreSeenAndChangedInPlace() {
        var words: [UInt32] = [Float(1.5).bitPattern, Float(-2).bitPattern, 7]
        var span = words.mutableSpan
        var bytes = unsafe span.mutableBytes
        NumberView.withMutableFloats(&bytes) { $0[1] = 4 }
        NumberView.withMutableIntegers(&bytes) { $0[2] += 1 }
        let floats = NumberView.withFloats(bytes.bytes.extracting(0..<8)) { [$0[0], $0[1]] }
        let integers = NumberView.withIntegers(bytes.bytes) { (count: $0.count, last: $0[2]) }
        #expect(floats == [1.5, 4])
        #expect(NumberView.floats(bytes.bytes.extracting(0..<8)) == floats)
        #expect(integers == (3, 8))
    }

    @Test func copiedIntegersReplaceThoseAtTheirPlace() {
        let source: [UInt32] = [5, 6]
        var target: [UInt32] = [0, 0, 0, 0]
        var span = target.mutableSpan
        NumberView.copy(source.span, to: &span, at: 1)
        #expect(target == [0, 5, 6, 0])
    }
}
