extension CodeRotation {
    /// Computes R (x - c) in double precision, from the formula and not by the kernel.
    ///
    /// It is slow. Verification and tests compare results of ``apply(_:center:into:)`` with it.
    ///
    /// - Parameters:
    ///   - vector: the vector x, ``dimension`` components.
    ///   - center: the vector c.
    /// - Returns: the components of the result, the leading ones first.
    package func exact(_ vector: [Float], center: [Float]) -> [Double] {
        precondition(vector.count == dimension && center.count == dimension)
        var result = zip(vector, center).map { Double($0) - Double($1) }
        for index in 0..<leadingCount {
            Reflectors.reflect(&result, by: reflectors[index * dimension..<(index + 1) * dimension])
        }
        let length = tables.length
        let starts = tables.transforms == 2 ? [leadingCount] : [leadingCount, dimension - length]
        var signs = tables.signs[...]
        for round in 0..<2 {
            if round == 1, starts.count == 2 { Self.mixHalves(&result, from: leadingCount) }
            for start in starts {
                Self.transform(&result, range: start..<start + length, signs: signs.prefix(length))
                signs = signs.dropFirst(length)
            }
        }
        return result
    }

    /// Replaces the halves a and b of the components from `start` on by (a + b) / sqrt(2) and (a - b) / sqrt(2).
    private static func mixHalves(_ values: inout [Double], from start: Int) {
        let half = (values.count - start) / 2
        for index in start..<start + half {
            let (a, b) = (values[index], values[index + half])
            values[index] = (a + b) / 2.0.squareRoot()
            values[index + half] = (a - b) / 2.0.squareRoot()
        }
    }

    /// Changes signs, then applies the Walsh-Hadamard matrix, whose element (i, j) is 1 / sqrt(length) if i and j have
    /// an even number of bits in common, otherwise the opposite.
    private static func transform(_ values: inout [Double], range: Range<Int>, signs: ArraySlice<UInt32>) {
        let signed = zip(values[range], signs).map { $1 == 0 ? $0 : -$0 }
        let scale = 1 / Double(range.count).squareRoot()
        values.replaceSubrange(range, with: walshHadamard(signed[...]).map { $0 * scale })
    }

    /// The product of the Walsh-Hadamard matrix without its factor and a vector, whose length is a power of two.
    private static func walshHadamard(_ values: ArraySlice<Double>) -> [Double] {
        guard values.count > 1 else { return Array(values) }
        let half = values.count / 2
        let first = walshHadamard(values.prefix(half))
        let second = walshHadamard(values.suffix(half))
        return zip(first, second).map { $0 + $1 } + zip(first, second).map { $0 - $1 }
    }
}
