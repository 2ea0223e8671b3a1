import IncrementalBias
import LMDB
import Testing

/// Which rows ids get, and which become free.
struct IdentityTableTests {
    private let folder: TemporaryFolder
    private let environment: LMDB.Environment
    private let identities: IdentityTable

    init() throws {
        folder = try TemporaryFolder()
        environment = try LMDB.Environment(folder: folder.path, mapSize: 1 << 26)
        identities = IdentityTable(tables: try Tables(environment, createIfMissing: true).images)
    }

    private func assign(
        _ ids: [String], _ counts: inout StoreState.RowCounts
    ) throws -> (rows: [UInt32], existed: [Bool]) {
        try environment.write { try identities.assign(ids, counts: &counts, in: $0) }
    }

    private func release(_ removed: [UInt32], _ counts: inout StoreState.RowCounts) throws {
        try environment.write { try identities.release(removed, counts: &counts, in: $0) }
    }

    @Test func newIdsGetConsecutiveRows() throws {
        var counts = StoreState.RowCounts()
        let (found, existed) = try assign(["b", "a", "c"], &counts)
        #expect(found == [0, 1, 2])
        #expect(existed == [false, false, false])
        #expect(counts == StoreState.RowCounts(count: 3, end: 3))
        #expect(try environment.read { try identities.row(of: "a", in: $0) } == 1)
        #expect(try environment.read { try identities.id(of: 1, in: $0) } == "a")
        #expect(try environment.read { try identities.row(of: "d", in: $0) } == nil)
        #expect(try environment.read { try identities.id(of: 3, in: $0) } == nil)
    }

    @Test func knownIdsKeepTheirRows() throws {
        var counts = StoreState.RowCounts()
        _ = try assign(["a", "b"], &counts)
        let (found, existed) = try assign(["c", "b", "a"], &counts)
        #expect(found == [2, 1, 0])
        #expect(existed == [false, true, true])
        #expect(counts == StoreState.RowCounts(count: 3, end: 3))
    }

    @Test func freeRowsAreReusedLowestFirst() throws {
        var counts = StoreState.RowCounts()
        _ = try assign(["a", "b", "c", "d"], &counts)
        try release([3, 1], &counts)
        #expect(counts == StoreState.RowCounts(count: 2, end: 4))
        #expect(try environment.read { try identities.row(of: "b", in: $0) } == nil)
        #expect(try assign(["x", "y", "z"], &counts).rows == [1, 3, 4])
        #expect(counts == StoreState.RowCounts(count: 5, end: 5))
    }

    @Test func releasingARowThatIsNotInUseChangesNothing() throws {
        var counts = StoreState.RowCounts()
        _ = try assign(["a"], &counts)
        try release([0, 0, 9], &counts)
        #expect(counts == StoreState.RowCounts(count: 0, end: 1))
        #expect(try assign(["x", "y"], &counts).rows == [0, 1])
    }

    @Test func aPlanWritesNothingAndHasTheRowsThatAssignGives() throws {
        var counts = StoreState.RowCounts()
        _ = try assign(["a", "b", "c"], &counts)
        try release([1], &counts)
        let before = counts
        let plan = try environment.read { try identities.plan(["c", "x", "y"], counts: before, in: $0) }
        #expect(plan.rows == [2, 1, 3])
        #expect(plan.existed == [true, false, false])
        #expect(plan.free == [1])
        #expect(try environment.read { try identities.row(of: "x", in: $0) } == nil)
        try environment.write { try identities.record(plan, ["c", "x", "y"], counts: &counts, in: $0) }
        #expect(counts == StoreState.RowCounts(count: 4, end: 4))
        #expect(try environment.read { try identities.row(of: "x", in: $0) } == 1)
        #expect(try environment.read { try identities.id(of: 3, in: $0) } == "y")
    }

    @Test(arguments: [UInt64.random(in: 0..<1 << 32)])
    func randomChangesLeaveOneRowPerIdAndOneIdPerRow(seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        var counts = StoreState.RowCounts()
        var expected: [String: UInt32] = [:]
        for step in 0..<60 {
            let ids = (0..<30).shuffled(using: &random).prefix(Int.random(in: 1...20, using: &random)).map {
                "id \($0)"
            }
            if Bool.random(using: &random) {
                let (found, existed) = try assign(ids, &counts)
                #expect(existed == ids.map { expected[$0] != nil }, "seed \(seed), step \(step)")
                for (id, row) in zip(ids, found) {
                    #expect(expected[id] ?? row == row, "seed \(seed), step \(step)")
                    expected[id] = row
                }
            } else {
                try release(ids.compactMap { expected[$0] }, &counts)
                for id in ids { expected[id] = nil }
            }
            #expect(Set(expected.values).count == expected.count, "seed \(seed), step \(step)")
            #expect(counts.count == expected.count, "seed \(seed), step \(step)")
            for number in 0..<30 {
                let row = try environment.read { try identities.row(of: "id \(number)", in: $0) }
                #expect(row == expected["id \(number)"], "seed \(seed), step \(step)")
            }
            for row in 0..<UInt32(counts.end) {
                let id = try environment.read { try identities.id(of: row, in: $0) }
                #expect(id.map { expected[$0] == row } ?? !expected.values.contains(row), "seed \(seed), step \(step)")
            }
        }
    }
}
