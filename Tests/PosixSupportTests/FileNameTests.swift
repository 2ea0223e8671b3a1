import PosixSupport
import Testing

@Suite struct FileNameTests {
    private func name(_ bytes: [UInt8]) -> FileName {
        unsafe (bytes + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { fatalError("an array with an element has no address") }
            return unsafe FileName(start)
        }
    }

    @Test func aNameInUTF8HasText() {
        #expect(name(Array("größe.npy".utf8)).text == "größe.npy")
        #expect(name(Array("größe.npy".utf8)).bytes == Array("größe.npy".utf8))
    }

    @Test func aNameThatIsNotUTF8HasNoText() {
        #expect(name([0x63, 0xe9]).text == nil)
    }

    @Test(arguments: [
        ("plain-1_2.npy", "plain-1_2.npy"), ("two words", "two%20words"), ("100%", "100%25"), ("a\nb", "a%0Ab"),
        ("é", "%C3%A9"), ("\u{7f}", "%7F"), ("", ""),
    ]) func escapesEveryByteThatIsNotPrintable(name text: String, escaped: String) {
        #expect(name(Array(text.utf8)).escaped == escaped)
    }

    @Test func escapesBytesThatAreNotUTF8() {
        #expect(name([0x63, 0xe9, 0x05]).escaped == "c%E9%05")
    }
}
