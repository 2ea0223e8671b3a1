import ControlClient
import PosixSupport
import ShardFormats
import Testing
import WireAPI

@Suite struct SearchTests {
    private func matrix(_ rows: Int, _ dimension: Int) -> Matrix {
        Matrix(rows: rows, dimension: dimension, values: (0..<rows * dimension).map(Float.init))
    }

    private func response(_ count: Int, generation: UInt64 = 1) -> SearchResponse {
        SearchResponse(generation: generation, results: Array(repeating: [], count: count), tookMs: 1)
    }

    @Test func batchesHoldEachQueryOnceInOrder() {
        let queries = matrix(10_000, 2)
        let batches = QueryBatches(queries, topK: 1)
        #expect(batches.queriesPerBatch == 4096 && batches.count == 3)
        #expect(batches.map(\.rows) == [0..<4096, 4096..<8192, 8192..<10_000])
        #expect(batches.flatMap(\.matrix.values) == queries.values)
    }

    @Test func batchesAreBoundedByBytesAndByHits() {
        // 32 MiB of vectors, and 2^20 hits.
        #expect(QueryBatches(matrix(2, 1 << 20), topK: 1).queriesPerBatch == 8)
        #expect(QueryBatches(matrix(2, 1), topK: 1 << 18).queriesPerBatch == 4)
        // One query at least, however large.
        #expect(QueryBatches(matrix(2, 1), topK: 1 << 30).queriesPerBatch == 1)
    }

    @Test func answersComeInOrderWithTheGenerationsThatTheyReflect() async throws {
        var rows: [Range<Int>] = []
        let generations = try await BatchedSearch(matrix(5000, 1), topK: 1).run(
            search: { response($0.rows.count, generation: $0.rows.lowerBound == 0 ? 9 : 3) },
            { range, _ in rows.append(range) })
        #expect(rows == [0..<4096, 4096..<5000] && generations == [3, 9])
    }

    @Test func aProblemNamesTheQueriesOfItsBatch() async {
        let problem = Problem(title: "", status: 400, detail: "Zero.", code: "zero_vector")
        func detail(_ count: Int) async -> String? {
            let error = await #expect(throws: Problem.self) {
                _ = try await BatchedSearch(matrix(count, 1), topK: 1).run(
                    search: { batch in
                        if batch.rows.upperBound == count { throw problem }
                        return response(batch.rows.count)
                    }, { _, _ in })
            }
            return error?.detail
        }
        #expect(await detail(5000) == "In queries 4096 and up: Zero.")
        #expect(await detail(5) == "Zero.")
    }

    @Test func anAnswerToAnotherNumberOfQueriesIsAFault() async {
        let failure = await #expect(throws: Failure.self) {
            _ = try await BatchedSearch(matrix(3, 1), topK: 1).run(search: { _ in response(2) }, { _, _ in })
        }
        #expect(failure?.status == .internalFault)
    }

    @Test func queriesAreReadFromAFile() throws {
        let spool = try SpoolFixture()
        let path = "\(spool.root)/files/queries.npy"
        try FileSystem.writeAtomically(NPY.write(matrix(3, 2)), to: path)
        #expect(try QueryFile(path: path).read() == matrix(3, 2))
        let wrong = #expect(throws: Failure.self) { try QueryFile(path: try spool.file("text", "no array")).read() }
        #expect(wrong?.status == .dataRejected && wrong?.message?.contains("files/text: The first bytes") == true)
        let missing = #expect(throws: Failure.self) { try QueryFile(path: "\(path).missing").read() }
        #expect(missing?.status == .noInput && missing?.message?.contains("queries.npy.missing") == true)
    }
}
