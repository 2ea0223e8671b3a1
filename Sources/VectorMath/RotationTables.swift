internal import CKernels

/// The tables of a rotation that the kernel `ck_rotate` reads.
struct RotationTables: Sendable {
    let dimension: Int
    /// The number of reflectors.
    let count: Int
    /// The length of a Walsh-Hadamard transform: the largest power of two that is at most `dimension` - `count`.
    let length: Int
    /// The signs of each transform, transforms x `length`: 0, or 0x80000000 if a component changes its sign.
    let signs: [UInt32]
    // `ck_rotation` describes these four.
    private let rows: [Float]
    private let columns: [Double]
    private let products: [Double]
    private let factors: [Double]

    /// The number of transforms: two of the first `length` components after the leading ones, and two of the last
    /// `length` if there are more components.
    var transforms: Int { length == dimension - count ? 2 : 4 }

    /// Makes the tables.
    ///
    /// - Parameters:
    ///   - dimension: the number of components of a vector.
    ///   - reflectors: count x dimension.
    ///   - count: the number of reflectors.
    ///   - seed: chooses the signs.
    init(dimension: Int, reflectors: [Float], count: Int, seed: UInt64) {
        self.dimension = dimension
        self.count = count
        let rest = dimension - count
        length = 1 << (Int.bitWidth - 1 - rest.leadingZeroBitCount)
        signs = Self.signs(count: (length == rest ? 2 : 4) * length, seed: seed)
        let (group, width) = (Int(CK_REFLECTOR_GROUP), Int(CK_REFLECTORS_MAX))
        var rows = [Float](repeating: 0, count: (dimension + group - 1) / group * group * count)
        var columns = [Double](repeating: 0, count: dimension * width)
        for reflector in 0..<count {
            for index in 0..<dimension {
                let value = reflectors[reflector * dimension + index]
                rows[(index / group * count + reflector) * group + index % group] = value
                columns[index * width + reflector] = Double(value)
            }
        }
        self.rows = rows
        self.columns = columns
        let all = Self.products(columns, count: count, width: width)
        factors = (0..<count).map { 2 / all[$0 * width + $0] }
        products = all.indices.map { $0 % width > $0 / width ? all[$0] : 0 }
    }

    /// Calls `body` with pointers to the tables.
    func withPointers(_ body: (ck_rotation) -> Void) {
        unsafe rows.withUnsafeBufferPointer { rows in
            unsafe columns.withUnsafeBufferPointer { columns in
                unsafe products.withUnsafeBufferPointer { products in
                    unsafe factors.withUnsafeBufferPointer { factors in
                        unsafe signs.withUnsafeBufferPointer { signs in
                            unsafe body(
                                ck_rotation(
                                    dimension: dimension, reflectors: count, rows: rows.baseAddress,
                                    columns: columns.baseAddress, products: products.baseAddress,
                                    factors: factors.baseAddress, length: length, signs: signs.baseAddress))
                        }
                    }
                }
            }
        }
    }

    /// The products of all pairs of reflectors j >= k, at index k x width + j.
    private static func products(_ columns: [Double], count: Int, width: Int) -> [Double] {
        var products = [Double](repeating: 0, count: count * width)
        for start in stride(from: 0, to: columns.count, by: width) {
            for k in 0..<count {
                let value = columns[start + k]
                for j in k..<count { products[k * width + j] += value * columns[start + j] }
            }
        }
        return products
    }

    /// Signs chosen by a generator of random numbers, one for each bit, the lowest first.
    private static func signs(count: Int, seed: UInt64) -> [UInt32] {
        var random = SplitMix64(seed: seed)
        var word: UInt64 = 0
        return (0..<count).map { index in
            if index % 64 == 0 { word = random.next() }
            defer { word >>= 1 }
            return word & 1 == 0 ? 0 : 0x8000_0000
        }
    }
}
