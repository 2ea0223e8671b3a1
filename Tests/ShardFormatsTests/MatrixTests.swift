import ShardFormats
import Testing

@Suite struct MatrixTests {
    @Test("Finds the rows with NaN or infinity, also the first and the last of a group of rows tested together")
    func findsRows() {
        var values = Array(repeating: Float.greatestFiniteMagnitude, count: 50_000 * 3)
        values[1] = -.greatestFiniteMagnitude
        values[2] = .leastNonzeroMagnitude
        // A group has 16,384 / 3 = 5,461 rows.
        for (row, value) in [0: Float.nan, 5_460: .infinity, 5_461: -.infinity, 49_999: -.signalingNaN] {
            values[row * 3 + row % 3] = value
        }
        let matrix = Matrix(rows: 50_000, dimension: 3, values: values)
        #expect(matrix.nonFiniteRows() == [0, 5_460, 5_461, 49_999])
        #expect(matrix.nonFiniteRows(limit: 2) == [0, 5_460])
        #expect(matrix.nonFiniteRows(limit: 0).isEmpty)
    }

    @Test("Finds no rows if all numbers are finite")
    func findsNothing() {
        #expect(Fixture.matrix.nonFiniteRows().isEmpty)
        #expect(Matrix(rows: 0, dimension: 0, values: []).nonFiniteRows().isEmpty)
        #expect(Matrix(rows: 2, dimension: 0, values: []).nonFiniteRows().isEmpty)
    }

    @Test("Lists at most 20 rows")
    func listsFew() {
        let matrix = Matrix(rows: 100, dimension: 1, values: Array(repeating: .nan, count: 100))
        #expect(matrix.nonFiniteRows() == Array(0..<20))
    }
}
