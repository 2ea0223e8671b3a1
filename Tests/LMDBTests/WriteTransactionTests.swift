import LMDB
import Testing

@Suite struct WriteTransactionTests {
    /// Sizes on both sides of the size from which LMDB stores a value in separate pages.
    static let sizes = [1, 100, 2000, 2047, 2048, 5000, 20_000]

    /// `count` bytes that differ from their neighbours.
    private func bytes(_ count: Int, _ first: UInt8) -> [UInt8] {
        (0..<count).map { first &+ UInt8(truncatingIfNeeded: $0 * 7) }
    }

    @Test(arguments: sizes, sizes)
    func anUpdateToAnotherSizeKeepsTheFirstBytesAndAddsZeros(before: Int, after: Int) throws {
        try TemporaryEnvironment.with { environment in
            let blocks = try environment.open("blocks", order: .integers)
            // Small values share a page, and LMDB can move them in it when one changes its size.
            try environment.write { transaction in
                for key in UInt32(0)..<3 { try transaction.put(blocks, key, bytes(before, UInt8(key)).span) }
            }
            try environment.write { transaction in
                try transaction.update(blocks, UInt32(1), byteCount: after) { target, hadThisSize in
                    #expect(target.byteCount == after)
                    #expect(hadThisSize == (before == after))
                }
            }
            let expected = Array(bytes(before, 1).prefix(after)) + Array(repeating: 0, count: max(0, after - before))
            let (updated, others) = try environment.read { transaction in
                (
                    try transaction.bytes(blocks, UInt32(1)),
                    try [0, 2].map { try transaction.bytes(blocks, UInt32($0)) }
                )
            }
            #expect(updated == expected)
            #expect(others == [bytes(before, 0), bytes(before, 2)])
        }
    }

    @Test(arguments: sizes) func anUpdateSeesEarlierUpdatesOfItsTransaction(count: Int) throws {
        try TemporaryEnvironment.with { environment in
            let blocks = try environment.open("blocks", order: .integers)
            try environment.write { transaction in
                for step in 0..<3 {
                    for key in UInt32(0)..<4 {
                        try transaction.update(blocks, key, byteCount: count) { target, hadThisSize in
                            #expect(hadThisSize == (step > 0))
                            let value = unsafe target.unsafeLoad(as: UInt8.self)
                            target.storeBytes(of: value + 1, toByteOffset: 0, as: UInt8.self)
                        }
                    }
                }
            }
            let values = try environment.read { transaction in
                try (UInt32(0)..<4).map { try transaction.bytes(blocks, $0) }
            }
            #expect(values == Array(repeating: [3] + Array(repeating: 0, count: count - 1), count: 4))
        }
    }

    @Test func overwriteReplacesAValueAndCountsItsBytes() throws {
        try TemporaryEnvironment.with { environment in
            let blocks = try environment.open("blocks", order: .integers)
            try environment.write { transaction in
                try transaction.put(blocks, UInt32(5), bytes(3000, 1).span)
                try transaction.overwrite(blocks, UInt32(5), byteCount: 4) { target in
                    target.storeBytes(of: 0x0403_0201, toByteOffset: 0, as: UInt32.self)
                }
                #expect(transaction.writtenBytes == 3004)
            }
            let value = try environment.read { try $0.bytes(blocks, UInt32(5)) }
            #expect(value == [1, 2, 3, 4])
        }
    }

    @Test func removeReturnsWhetherTheKeyExisted() throws {
        try TemporaryEnvironment.with { environment in
            let words = try environment.open("words", order: .bytes)
            let removed = try environment.write { transaction in
                try transaction.put(words, "a", "1")
                return (try transaction.remove(words, "a"), try transaction.remove(words, "a"))
            }
            #expect(removed == (true, false))
        }
    }

    @Test(arguments: [(0, []), (3, [0, 1]), (4, [0, 1, 3]), (1000, [0, 1, 3, 500])] as [(UInt32, [UInt32])])
    func removeAllFromANumberKeepsTheKeysBelow(first: UInt32, expected: [UInt32]) throws {
        try TemporaryEnvironment.with { environment in
            let numbers = try environment.open("numbers", order: .integers)
            let others = try environment.open("others", order: .integers)
            try environment.write { transaction in
                for key: UInt32 in [0, 1, 3, 500] {
                    try transaction.put(numbers, key, key)
                    try transaction.put(others, key, key)
                }
            }
            let (left, untouched) = try environment.write { transaction in
                try transaction.removeAll(numbers, from: first)
                var left: [UInt32] = []
                try transaction.forEach(numbers) { key, _ in
                    left.append(unsafe key.unsafeLoadUnaligned(as: UInt32.self))
                    return true
                }
                return (left, try transaction.count(others))
            }
            #expect(left == expected)
            #expect(untouched == 4)
        }
    }

    @Test func removeAllEmptiesOneDatabase() throws {
        try TemporaryEnvironment.with { environment in
            let words = try environment.open("words", order: .bytes)
            let others = try environment.open("others", order: .bytes)
            try environment.write { transaction in
                for word in ["a", "b"] {
                    try transaction.put(words, word, word)
                    try transaction.put(others, word, word)
                }
                try transaction.removeAll(words)
            }
            let counts = try environment.read { (try $0.count(words), try $0.count(others)) }
            #expect(counts == (0, 2))
        }
    }
}
