import IncrementalBias
import LMDB
import Testing

/// The rows that ids get, keep and release.
struct IdentityTableTests {
    private let folder: TemporaryFolder
    private let environment: LMDB.Environment
    private let identities: IdentityTable

    init() throws {
        folder = try TemporaryFolder()
        environment = try LMDB.Environment(folder: folder.path, mapSize: 1 << 26)
        identities = IdentityTable(tables: try Tables(environment, making: true).images)
    }

    private func assign(_ ids: [String], _ rows: inout StoreState.Rows) throws -> (rows: [UInt32], existed: [Bool]) {
        try environment.write { try identities.assign(ids, rows: &rows, in: $0) }
    }

    private func release(_ removed: [UInt32], _ rows: inout StoreState.Rows) throws {
        try environment.write { try identities.release(removed, rows: &rows, in: $0) }
    }

    @Test func newIdsGetConsecutiveRows() throws {
        var rows = StoreState.Rows()
        let (found, existed) = try assign(["b", "a", "c"], &rows)
        #expect(found == [0, 1, 2])
        #expect(existed == [false, false, false])
        #expect(rows == StoreState.Rows(count: 3, end: 3))
        #expect(try environment.read { try identities.row(of: "a", in: $0) } == 1)
        #expect(try environment.read { try identities.id(of: 1, in: $0) } == "a")
        #expect(try environment.read { try identities.row(of: "d", in: $0) } == nil)
        #expect(try environment.read { try identities.id(of: 3, in: $0) } == nil)
    }

    @Test func knownIdsKeepTheirRows() throws {
        var rows = StoreState.Rows()
        _ = try assign(["a", "b"], &rows)
        let (found, existed) = try assign(["c", "b", "a"], &rows)
        #expect(found == [2, 1, 0])
        #expect(existed == [false, true, true])
        #expect(rows == StoreState.Rows(count: 3, end: 3))
    }

    @Test func freeRowsAreUsedAgainTheLowestFirst() throws {
        var rows = StoreState.Rows()
        _ = try assign(["a", "b", "c", "d"], &rows)
        try release([3, 1], &rows)
        #expect(rows == StoreState.Rows(count: 2, end: 4))
        #expect(try environment.read { try identities.row(of: "b", in: $0) } == nil)
        #expect(try assign(["x", "y", "z"], &rows).rows == [1, 3, 4])
        #expect(rows == StoreState.Rows(count: 5, end: 5))
    }

    @Test func releasingARowThatIsNotInUseChangesNothing() throws {
        var rows = StoreState.Rows()
        _ = try assign(["a"], &rows)
        try release([0, 0, 9], &rows)
        #expect(rows == StoreState.Rows(count: 0, end: 1))
        #expect(try assign(["x", "y"], &rows).rows == [0, 1])
    }

    @Test func aPlanWritesNothingAndIsWhatAssignGives() throws {
        var rows = StoreState.Rows()
        _ = try assign(["a", "b", "c"], &rows)
        try release([1], &rows)
        let before = rows
        let plan = try environment.read { try identities.plan(["c", "x", "y"], rows: before, in: $0) }
        #expect(plan.rows == [2, 1, 3])
        #expect(plan.existed == [true, false, false])
        #expect(plan.free == [1])
        #expect(try environment.read { try identities.row(of: "x", in: $0) } == nil)
        try environment.write { try identities.record(plan, ["c", "x", "y"], rows: &rows, in: $0) }
        #expect(rows == StoreState.Rows(count: 4, end: 4))
        #expect(try environment.read { try identities.row(of: "x", in: $0) } == 1)
        #expect(try environment.read { try identities.id(of: 3, in: $0) } == "y")
    }

    @Test(arguments: [UInt64.random(in: 0..<1 << 32)])
    func anyChangesLeaveOneRowPerIdAndOneIdPerRow(seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        var rows = StoreState.Rows()
        var expected: [String: UInt32] = [:]
        for step in 0..<60 {
            let ids = (0..<30).shuffled(using: &random).prefix(Int.random(in: 1...20, using: &random)).map {
                "id \($0)"
            }
            if Bool.random(using: &random) {
                let (found, existed) = try assign(ids, &rows)
                #expect(existed == ids.map { expected[$0] != nil }, "seed \(seed), step \(step)")
                for (id, row) in zip(ids, found) {
                    #expect(expected[id] ?? row == row, "seed \(seed), step \(step)")
                    expected[id] = row
                }
            } else {
                try release(ids.compactMap { expected[$0] }, &rows)
                for id in ids { expected[id] = nil }
            }
            #expect(Set(expected.values).count == expected.count, "seed \(seed), step \(step)")
            #expect(rows.count == expected.count, "seed \(seed), step \(step)")
            for number in 0..<30 {
                let row = try environment.read { try identities.row(of: "id \(number)", in: $0) }
                #expect(row == expected["id \(number)"], "seed \(seed), step \(step)")
            }
            for row in 0..<UInt32(rows.end) {
                let id = try environment.read { try identities.id(of: row, in: $0) }
                #expect(id.map { expected[$0] == row } ?? !expected.values.contains(row), "seed \(seed), step \(step)")
            }
        }
    }
}
