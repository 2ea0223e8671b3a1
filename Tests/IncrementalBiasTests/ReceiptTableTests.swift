import Foundation
import IncrementalBias
import LMDB
import ShardFormats
import Testing

/// Which receipts the table keeps, and which are pending.
struct ReceiptTableTests {
    private let folder: TemporaryFolder
    private let environment: LMDB.Environment
    private let receipts: ReceiptTable

    init() throws {
        folder = try TemporaryFolder()
        environment = try LMDB.Environment(folder: folder.path, mapSize: 1 << 26)
        receipts = ReceiptTable(tables: try Tables(environment, createIfMissing: true))
    }

    private func receipt(_ number: UInt64, _ name: String, _ role: VectorRole = .images) -> Receipt {
        Receipt(
            number: number, name: name, role: role, sha256: String(repeating: "a", count: 64), idsSHA256: nil,
            action: .add, rows: 1, replaced: 0, generation: number + 1, received: Date(timeIntervalSince1970: 1),
            commitStarted: Date(timeIntervalSince1970: 2))
    }

    private func add(_ receipt: Receipt) throws {
        try environment.write { try receipts.add(receipt, in: $0) }
    }

    private func newest() throws -> [UInt64] {
        try environment.read { try receipts.newest(1000, in: $0) }.map(\.number)
    }

    @Test func aNewReceiptIsPending() throws {
        try add(receipt(0, "a.npy"))
        #expect(try environment.read { try receipts.pending(in: $0) } == [receipt(0, "a.npy")])
    }

    @Test func anAcknowledgedReceiptIsNotPending() throws {
        try add(receipt(0, "a.npy"))
        try environment.write { try receipts.acknowledge(0, in: $0) }
        #expect(try environment.read { try receipts.pending(in: $0) }.isEmpty)
        #expect(try newest() == [0])
        try environment.write { try receipts.markPending(receipt(0, "a.npy"), in: $0) }
        #expect(try environment.read { try receipts.pending(in: $0) } == [receipt(0, "a.npy")])
    }

    @Test func theAcknowledgementStoresTheDurationOfTheCommit() throws {
        try add(receipt(0, "a.npy"))
        var expected = receipt(0, "a.npy")
        expected.commitSeconds = 0.125
        try environment.write { try receipts.acknowledge(0, withDuration: expected, in: $0) }
        #expect(try environment.read { try receipts.receipt(0, in: $0) } == expected)
    }

    @Test func anAcknowledgementOfAnUnknownReceiptStoresNothing() throws {
        try environment.write { try receipts.acknowledge(7, withDuration: receipt(7, "a.npy"), in: $0) }
        #expect(try newest() == [])
    }

    @Test func theLastReceiptIsFoundByRoleAndName() throws {
        try add(receipt(0, "a.npy"))
        try add(receipt(1, "a.npy", .references))
        try add(receipt(2, "a.npy"))
        func last(_ role: VectorRole, _ name: String) throws -> UInt64? {
            try environment.read { try receipts.last(role: role, name: name, in: $0) }?.number
        }
        #expect(try last(.images, "a.npy") == 2)
        #expect(try last(.references, "a.npy") == 1)
        #expect(try last(.images, "b.npy") == nil)
    }

    @Test func supersededReceiptsAreRemovedAfterTheirAcknowledgement() throws {
        try add(receipt(0, "other.npy"))
        try environment.write { try receipts.acknowledge(0, in: $0) }
        for number in 1...UInt64(40) {
            try add(receipt(number, "a.npy"))
            try environment.write { try receipts.acknowledge(number, in: $0) }
        }
        #expect(try newest() == [UInt64](25...40).reversed() + [0])
    }

    @Test func aPendingReceiptIsNeverRemoved() throws {
        for number in 0...UInt64(40) {
            try add(receipt(number, "a.npy"))
            if number != 3 { try environment.write { try receipts.acknowledge(number, in: $0) } }
        }
        #expect(try newest() == [UInt64](25...40).reversed() + [3])
    }

    @Test func receiptsOfVersion010AreRead() throws {
        let json = """
            {"action":"add","committed":1795237597164,"generation":1,"kind":"references","name":"a.npy","number":0,\
            "received":1795237597161,"replaced":0,"rows":1000,"sha256":"\(String(repeating: "a", count: 64))"}
            """
        let table = try environment.open("receipts", order: .integers)
        try environment.write { try $0.put(table, UInt64(0), Array(json.utf8).span) }
        let receipt = try #require(try environment.read { try receipts.receipt(0, in: $0) })
        #expect(receipt.commitStarted.timeIntervalSince1970 == 1_795_237_597.164)
        #expect(receipt.commitSeconds == nil)
        #expect(receipt.role == .references)
    }

    @Test func aReceiptThatCantBeReadIsDamage() throws {
        let table = try environment.open("receipts", order: .integers)
        try environment.write { try $0.put(table, UInt64(0), Array("{}".utf8).span) }
        #expect(throws: StoreError.damaged("receipt 0 can't be read")) {
            try environment.read { try receipts.receipt(0, in: $0) }
        }
    }
}
