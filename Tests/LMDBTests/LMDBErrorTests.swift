import Foundation
import LMDB
import Testing

@Suite struct LMDBErrorTests {
    /// Return codes of lmdb.h and system error numbers.
    @Test(
        arguments: [
            (-30793, true), (-30796, true), (-30797, true), (-30794, true), (-30795, true), (-30792, false),
            (-30790, false), (-30798, false), (28, false), (5, false),
        ] as [(Int32, Bool)])
    func damageIsDistinguishedFromOtherErrors(code: Int32, isDamage: Bool) {
        let error = LMDBError(code: code, operation: "mdb_get")
        #expect(error.isDamage == isDamage)
        #expect(error.isMapFull == (code == -30792))
        #expect(error.isReadersFull == (code == -30790))
    }

    @Test func theDescriptionNamesOperationMessageAndCode() {
        #expect(
            LMDBError(code: -30792, operation: "mdb_put").description
                == "mdb_put: MDB_MAP_FULL: Environment mapsize limit reached (-30792)")
        #expect(LMDBError(code: ENOSPC, operation: "write").description == "write: No space left on device (28)")
    }

    @Test func aFullMapIsReported() throws {
        try TemporaryEnvironment.withFolder { folder in
            let environment = try LMDB.Environment(folder: folder, mapSize: 1 << 20)
            let blocks = try environment.open("blocks", order: .integers)
            let error = #expect(throws: LMDBError.self) {
                try environment.write { try $0.overwrite(blocks, UInt32(0), byteCount: 2 << 20) { _ in } }
            }
            #expect(error?.isMapFull == true)
        }
    }

    /// Opens `count` read transactions, all at the same time.
    private func nestReads(_ count: Int, in environment: LMDB.Environment) throws {
        guard count > 0 else { return }
        try environment.read { _ in try nestReads(count - 1, in: environment) }
    }

    @Test func tooManyReadTransactionsAreReported() throws {
        try TemporaryEnvironment.with { environment in
            try nestReads(126, in: environment)
            let error = #expect(throws: LMDBError.self) { try nestReads(200, in: environment) }
            #expect(error?.isReadersFull == true)
        }
    }

    @Test func aMissingDatabaseThatMustNotBeCreatedIsDamage() throws {
        try TemporaryEnvironment.with { environment in
            let error = #expect(throws: LMDBError.self) {
                try environment.open("words", order: .bytes, createIfMissing: false)
            }
            #expect(error?.isDamage == true)
            #expect(environment.isEmpty)
        }
    }

    @Test func aFileOfAnotherProgramIsDamage() throws {
        try TemporaryEnvironment.withFolder { folder in
            try Data(repeating: 7, count: 16_384).write(to: URL(filePath: folder + "/data.mdb"))
            let error = #expect(throws: LMDBError.self) { try LMDB.Environment(folder: folder, mapSize: 1 << 20) }
            #expect(error?.isDamage == true)
        }
    }

    @Test func aMissingFolderIsASystemError() {
        let error = #expect(throws: LMDBError.self) { try LMDB.Environment(folder: "/nowhere", mapSize: 1 << 20) }
        #expect(error?.code == ENOENT)
    }
}
