import ShardFormats
import Testing

/// Files that ``RowMajorNPY`` accepts must give the same matrix as ``NPY``, and it must accept only files that NPY
/// accepts.
@Suite struct RowMajorNPYTests {
    private func matrix(_ bytes: [UInt8], maximumBytes: Int = 1 << 20) -> Matrix? {
        let header = Array(bytes.prefix(4096))
        guard let npy = RowMajorNPY(header: header, byteCount: bytes.count, maximumBytes: maximumBytes) else {
            return nil
        }
        return npy.matrix(rows: npy.rows) { target in
            unsafe target.withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes[npy.dataOffset...]) }
        }
    }

    @Test(arguments: try Fixture.allPaths().filter { $0.hasSuffix(".npy") })
    func readsTheSameMatrixAsNPY(path: String) throws {
        let bytes = try Fixture.bytes(path)
        guard let found = matrix(bytes) else { return }
        #expect(found.values.map(\.bitPattern) == (try NPY.read(bytes)).values.map(\.bitPattern))
    }

    @Test(arguments: [
        "npy/f4-little-C.npy", "npy/f4-big-C.npy", "npy/f8-little-C.npy", "npy/f2-little-C.npy", "npy/version-1.npy",
        "npy/version-2.npy", "npy/version-3.npy",
    ])
    func acceptsFilesAsNumpySavesThem(path: String) throws {
        #expect(matrix(try Fixture.bytes(path)) == Fixture.matrix)
    }

    @Test func acceptsOneVectorInOneDimension() throws {
        #expect(matrix(try Fixture.bytes("npy/one-dimensional.npy")) == Fixture.firstRow)
    }

    @Test func acceptsOneColumnInFortranOrder() {
        let bytes = Bytes.npy(order: "True", shape: "(3, 1)", data: Bytes.floats([1, 2, 3]))
        #expect(matrix(bytes) == Matrix(rows: 3, dimension: 1, values: [1, 2, 3]))
    }

    @Test func rejectsWrongFilesAndOtherLayouts() throws {
        let good = try Fixture.bytes("npy/f4-little-C.npy")
        #expect(matrix(good + [0]) == nil)
        #expect(matrix(good.dropLast()) == nil)
        #expect(matrix(Array(good.prefix(20))) == nil)
        #expect(matrix(good, maximumBytes: good.count - 1) == nil)
        #expect(matrix(Bytes.npy(shape: "(0, 3)", data: [])) == nil)
        // 2^62 x 4 numbers: the product overflows 64 bits.
        #expect(matrix(Bytes.npy(shape: "(4611686018427387904, 4)", data: [])) == nil)
        for path in ["f4-little-F", "f2-little-F", "bfloat16-little-C", "object"] {
            #expect(matrix(try Fixture.bytes("npy/\(path).npy")) == nil, "\(path)")
        }
    }

    private func matrix(_ bytes: ArraySlice<UInt8>) -> Matrix? { matrix(Array(bytes)) }
}
