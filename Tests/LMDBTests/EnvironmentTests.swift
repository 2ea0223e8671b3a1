import LMDB
import Testing

@Suite struct EnvironmentTests {
    private struct Stop: Error {}

    @Test func aTransactionThatThrowsChangesNothing() throws {
        try TemporaryEnvironment.with { environment in
            let words = try environment.open("words", order: .bytes)
            try environment.write { try $0.put(words, "kept", "1") }
            #expect(throws: Stop.self) {
                try environment.write { transaction in
                    try transaction.put(words, "lost", "2")
                    try transaction.remove(words, "kept")
                    throw Stop()
                }
            }
            let (kept, lost) = try environment.read { transaction in
                (try transaction.string(words, "kept"), try transaction.string(words, "lost"))
            }
            #expect(kept == "1")
            #expect(lost == nil)
        }
    }

    @Test func aReadSeesTheLastCommitBeforeIt() throws {
        try TemporaryEnvironment.with { environment in
            let words = try environment.open("words", order: .bytes)
            try environment.write { try $0.put(words, "a", "old") }
            try environment.read { transaction in
                try environment.write { try $0.put(words, "a", "new") }
                let seen = try transaction.string(words, "a")
                #expect(seen == "old")
            }
            let now = try environment.read { try $0.string(words, "a") }
            #expect(now == "new")
        }
    }

    @Test(arguments: [8, 2000, 5000, 1 << 20]) func anUpdateKeepsTheBytesThatItDoesNotSet(count: Int) throws {
        try TemporaryEnvironment.with { environment in
            let blocks = try environment.open("blocks", order: .integers)
            for step in 0..<3 {
                try environment.write { transaction in
                    for key in UInt32(0)..<5 {
                        try transaction.update(blocks, key, byteCount: count) { bytes, hadThisSize in
                            #expect(hadThisSize == (step > 0))
                            bytes.storeBytes(of: UInt8(step + 1), toByteOffset: step, as: UInt8.self)
                        }
                    }
                }
            }
            try environment.read { transaction in
                for key in UInt32(0)..<5 {
                    let bytes = try transaction.bytes(blocks, key)
                    #expect(bytes?.count == count)
                    #expect(bytes?.prefix(4) == [1, 2, 3, 0])
                }
            }
        }
    }

    @Test func integerKeysAreInTheOrderOfTheirValues() throws {
        try TemporaryEnvironment.with { environment in
            let numbers = try environment.open("numbers", order: .integers)
            try environment.write { transaction in
                for key: UInt64 in [300, 2, 1 << 40, 1] { try transaction.put(numbers, key, key) }
            }
            try environment.read { transaction in
                var seen: [[UInt8]] = []
                try transaction.forEach(numbers) { key, _ in
                    unsafe seen.append(key.withUnsafeBytes { unsafe Array($0) })
                    return true
                }
                let expected = [UInt64(1), 2, 300, 1 << 40].map { key in
                    unsafe withUnsafeBytes(of: key) { unsafe Array($0) }
                }
                #expect(seen == expected)
            }
        }
    }
}
