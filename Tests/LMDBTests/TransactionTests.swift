import LMDB
import Testing

@Suite struct TransactionTests {
    /// Calls `body` with a read transaction and a database that has these keys.
    ///
    /// The value of a key is the key itself.
    private func withKeys(
        _ keys: [UInt32], _ body: (borrowing ReadTransaction, Database) throws -> Void
    ) throws {
        try TemporaryEnvironment.with { environment in
            let numbers = try environment.open("numbers", order: .integers)
            try environment.write { transaction in
                for key in keys { try transaction.put(numbers, key, key) }
            }
            try environment.read { try body($0, numbers) }
        }
    }

    private func number(_ bytes: RawSpan) -> UInt32 {
        unsafe bytes.unsafeLoadUnaligned(as: UInt32.self)
    }

    @Test(arguments: [[], [7], [1, 2, 300, 70_000]] as [[UInt32]])
    func forEachVisitsAllKeysInBothDirections(keys: [UInt32]) throws {
        try withKeys(keys.reversed()) { transaction, numbers in
            for backwards in [false, true] {
                var seen: [UInt32] = []
                try transaction.forEach(numbers, backwards: backwards) { key, value in
                    let (key, value) = (number(key), number(value))
                    #expect(key == value)
                    seen.append(key)
                    return true
                }
                #expect(seen == (backwards ? keys.reversed() : keys))
            }
        }
    }

    @Test(arguments: [(false, [1, 2]), (true, [9, 5])] as [(Bool, [UInt32])])
    func forEachEndsWhenItsBodyReturnsFalse(backwards: Bool, expected: [UInt32]) throws {
        try withKeys([1, 2, 5, 9]) { transaction, numbers in
            var seen: [UInt32] = []
            try transaction.forEach(numbers, backwards: backwards) { key, _ in
                seen.append(number(key))
                return seen.count < 2
            }
            #expect(seen == expected)
        }
    }

    @Test(
        arguments: [(0, [1, 2, 5, 9]), (1, [2, 5, 9]), (3, [5, 9]), (5, [9]), (9, []), (10, [])] as [(UInt32, [UInt32])]
    )
    func forEachBeginsAfterAKeyThatNeedNotExist(start: UInt32, expected: [UInt32]) throws {
        try withKeys([9, 1, 5, 2]) { transaction, numbers in
            for limit in [1, 10] {
                var seen: [UInt32] = []
                try transaction.forEach(numbers, after: start) { key, value in
                    let (key, value) = (number(key), number(value))
                    #expect(key == value)
                    seen.append(key)
                    return seen.count < limit
                }
                #expect(seen == Array(expected.prefix(limit)))
            }
        }
        try withKeys([]) { transaction, numbers in
            try transaction.forEach(numbers, after: start) { _, _ in
                Issue.record("there is no key")
                return true
            }
        }
    }

    @Test func hasKeysFindsKeysThatAreNotSmaller() throws {
        try withKeys([3, 300]) { transaction, numbers in
            for (first, expected) in [(0, true), (3, true), (4, true), (300, true), (301, false)] as [(UInt32, Bool)] {
                let found = try transaction.hasKeys(numbers, from: first)
                #expect(found == expected, "from \(first)")
            }
        }
        try withKeys([]) { transaction, numbers in
            let found = try transaction.hasKeys(numbers, from: 0)
            #expect(!found)
        }
    }

    @Test(arguments: [0..<6, 2..<4, 5..<9, 8..<12, 4..<4] as [Range<UInt32>])
    func aMappedRangeHasAnEmptyValueForEachMissingKey(range: Range<UInt32>) throws {
        let keys: [UInt32] = [0, 1, 3, 8]
        try withKeys(keys) { transaction, numbers in
            let mapped = try transaction.mapped(numbers, range, byteCount: 4)
            let oneByOne = try transaction.mapped(numbers, Array(range), byteCount: 4)
            #expect(mapped.count == range.count && oneByOne.count == range.count)
            #expect(mapped.isComplete == range.allSatisfy(keys.contains))
            for (index, key) in range.enumerated() {
                for values in [mapped, oneByOne] {
                    let value = values.value(at: index) { $0.byteCount == 0 ? nil : number($0) }
                    #expect(value == (keys.contains(key) ? key : nil), "key \(key)")
                }
            }
        }
    }

    @Test func mappingAValueOfAnotherSizeIsDamage() throws {
        try withKeys([0, 1]) { transaction, numbers in
            for byteCount in [3, 5] {
                var damages = 0
                do { _ = try transaction.mapped(numbers, 0..<2, byteCount: byteCount) } catch let error as LMDBError {
                    damages += error.isDamage ? 1 : 0
                }
                do { _ = try transaction.mapped(numbers, [1], byteCount: byteCount) } catch let error as LMDBError {
                    damages += error.isDamage ? 1 : 0
                }
                #expect(damages == 2, "\(byteCount) bytes")
            }
        }
    }

    @Test func lookupsOfAMissingKeyFindNothing() throws {
        try withKeys([1]) { transaction, numbers in
            let bytes = try transaction.bytes(numbers, UInt32(2))
            let text = try transaction.string(numbers, UInt32(2))
            let value = try transaction.value(numbers, UInt32(2)) { $0.byteCount }
            let isThere = [
                try transaction.contains(numbers, UInt32(1)), try transaction.contains(numbers, UInt32(2)),
            ]
            let count = try transaction.count(numbers)
            #expect(bytes == nil && text == nil && value == nil)
            #expect(isThere == [true, false])
            #expect(count == 1)
        }
    }
}
