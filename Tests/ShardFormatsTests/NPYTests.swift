import ShardFormats
import Testing

@Suite struct NPYTests {
    @Test(
        "Reads what numpy writes, whatever the width, the byte order and the memory order",
        arguments: ["f2", "f4", "f8"].flatMap { type in
            ["little-C", "little-F", "big-C", "big-F"].map { "npy/\(type)-\($0).npy" }
        })
    func readsNumpy(path: String) throws {
        #expect(try NPY.read(try Fixture.bytes(path)) == Fixture.matrix)
    }

    @Test("Reads versions 1.0, 2.0 and 3.0", arguments: 1...3)
    func readsVersions(major: Int) throws {
        #expect(try NPY.read(try Fixture.bytes("npy/version-\(major).npy")) == Fixture.matrix)
    }

    @Test(
        "Reads headers that other programs than numpy may write",
        arguments: [
            "{'shape': (1, 2), 'fortran_order': False, 'descr': '<f4'}",
            #"{"descr": "<f4", "fortran_order": False, "shape": (1, 2)}"#,
            "{'descr':'<f4','fortran_order':False,'shape':(1,2,),}",
            " \t{ 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 1 , 2 ) , } \n\n",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 2L), }",
            "{'descr': '=f4', 'fortran_order': False, 'shape': (1, 2), }",
            "{'descr': '|f4', 'fortran_order': False, 'shape': (1, 2), }",
            "{'descr': 'f4', 'fortran_order': True, 'shape': (1, 2), }",
            "{'descr': ('<f4'), 'fortran_order': (False), 'shape': ((1), (2)), }",
        ])
    func readsOtherHeaders(header: String) throws {
        let bytes = Bytes.npy(header: header, data: Bytes.floats([1.5, -2]))
        #expect(try NPY.read(bytes) == Matrix(rows: 1, dimension: 2, values: [1.5, -2]))
    }

    @Test("Writes the same bytes as numpy, and reads them back")
    func writes() throws {
        let bytes = NPY.write(Fixture.matrix)
        #expect(try NPY.read(bytes) == Fixture.matrix)
        #expect(bytes == (try Fixture.bytes("npy/f4-little-C.npy")))
    }

    @Test("Aligns the data to 64 bytes", arguments: [1, 10, 1_000, 100_000])
    func writesAligned(rows: Int) throws {
        let matrix = Matrix(rows: rows, dimension: 1, values: (0..<rows).map { Float($0) })
        let bytes = NPY.write(matrix)
        #expect((bytes.count - rows * 4) % 64 == 0)
        #expect(try NPY.read(bytes) == matrix)
    }

    @Test(
        "Reads a large matrix in Fortran order, in and across tiles",
        arguments: [(1, 200), (200, 1), (64, 64), (131, 197)])
    func readsFortran(rows: Int, dimension: Int) throws {
        let columns = (0..<dimension).flatMap { column in (0..<rows).map { Float($0 * dimension + column) } }
        let bytes = Bytes.npy(order: "True", shape: "(\(rows), \(dimension))", data: Bytes.floats(columns))
        let values = (0..<rows * dimension).map { Float($0) }
        #expect(try NPY.read(bytes) == Matrix(rows: rows, dimension: dimension, values: values))
    }

    @Test("Converts each of the 65,536 float16 numbers exactly", arguments: [false, true])
    func convertsHalves(isBigEndian: Bool) throws {
        let data = (UInt16.min...UInt16.max).flatMap { Bytes.little(isBigEndian ? $0.byteSwapped : $0) }
        let descr = isBigEndian ? "'>f2'" : "'<f2'"
        let values = try NPY.read(Bytes.npy(descr: descr, shape: "(256, 256)", data: data)).values
        let wrong = (UInt16.min...UInt16.max).filter { bits in
            let expected = Float(Float16(bitPattern: bits))
            let value = values[Int(bits)]
            return expected.isNaN ? !value.isNaN : value.bitPattern != expected.bitPattern
        }
        #expect(wrong.isEmpty)
    }

    @Test("Rounds float64 to the nearest float32, and to infinity beyond its range")
    func convertsDoubles() throws {
        let doubles: [Double] = [0.1, -1e-300, 1e39, -.infinity, 1 + 0x1p-25, .leastNonzeroMagnitude]
        let data = doubles.flatMap { Bytes.little($0.bitPattern) }
        let matrix = try NPY.read(Bytes.npy(descr: "'<f8'", shape: "(6, 1)", data: data))
        #expect(matrix.values == doubles.map { Float($0) })
        #expect(matrix.nonFiniteRows() == [2, 3])
    }

    @Test("Reads a one-dimensional array as one row")
    func readsOneRow() throws {
        #expect(try NPY.read(try Fixture.bytes("npy/one-dimensional.npy")) == Fixture.firstRow)
    }

    @Test("Reads V2 as bfloat16 only if this is asked for", arguments: ["little-C", "little-F", "big-C"])
    func readsBfloat16(order: String) throws {
        let bytes = try Fixture.bytes("npy/bfloat16-\(order).npy")
        #expect(try NPY.read(bytes, v2Elements: .bfloat16) == Fixture.matrix)
        let error = #expect(throws: ShardError.self) { try NPY.read(bytes) }
        #expect(error?.code == .unsupportedDtype)
        #expect(error?.advice.contains("npy-v2") == true)
    }

    @Test("Each of the 65,536 bfloat16 numbers is the upper half of a float32", arguments: ["<", ">"])
    func convertsBfloats(order: String) throws {
        let data = (UInt16.min...UInt16.max).flatMap { Bytes.little(order == ">" ? $0.byteSwapped : $0) }
        let bytes = Bytes.npy(descr: "'\(order)V2'", shape: "(256, 256)", data: data)
        let values = try NPY.read(bytes, v2Elements: .bfloat16).values
        #expect(values.map(\.bitPattern) == (UInt16.min...UInt16.max).map { UInt32($0) << 16 })
    }
}
