/// An array in an .npz file that ``NPZFile`` writes.
package struct NPZArray: Sendable {
    /// The elements in C order.
    package enum Elements: Sendable {
        case float32([Float])
        case float64([Double])
        case uint32([UInt32])
        case uint64([UInt64])
        /// Text in UTF-32. Each element takes the memory of the longest one.
        ///
        /// numpy pads text with NULs and removes them again, so no string may end in one.
        case text([String])
    }

    let name: String
    let shape: [Int]
    let elements: Elements
    /// The size of one element in code points, if the elements are text: that of the longest one, at least 1.
    private let codePoints: Int

    /// Makes an array.
    ///
    /// - Parameters:
    ///   - name: the name by which the file's reader finds the array, in ASCII.
    ///   - shape: the sizes along the dimensions; their product is the number of elements. Empty for one number without
    ///     dimensions.
    package init(_ name: String, shape: [Int], _ elements: Elements) {
        self.name = name
        self.shape = shape
        self.elements = elements
        if case .text(let texts) = elements {
            codePoints = texts.reduce(1) { max($0, $1.codePointCount) }
        } else {
            codePoints = 0
        }
        precondition(shape.reduce(1, *) == count, "the shape has another number of elements")
    }

    private var count: Int {
        switch elements {
        case .float32(let values): values.count
        case .float64(let values): values.count
        case .uint32(let values): values.count
        case .uint64(let values): values.count
        case .text(let texts): texts.count
        }
    }

    /// The type of the elements, as numpy writes it.
    var descriptor: String {
        switch elements {
        case .float32: "<f4"
        case .float64: "<f8"
        case .uint32: "<u4"
        case .uint64: "<u8"
        case .text: "<U\(codePoints)"
        }
    }

    /// The size of all elements in bytes.
    var byteCount: Int {
        switch elements {
        case .float32, .uint32: count * 4
        case .float64, .uint64: count * 8
        case .text: count * codePoints * 4
        }
    }

    /// Appends all elements.
    func append(to output: inout OutputRawSpan) {
        switch elements {
        case .float32(let values): for value in values { output.append(little: value.bitPattern) }
        case .float64(let values): for value in values { output.append(little: value.bitPattern) }
        case .uint32(let values): for value in values { output.append(little: value) }
        case .uint64(let values): for value in values { output.append(little: value) }
        case .text(let texts): for text in texts { output.append(utf32: text, count: codePoints) }
        }
    }
}

extension String {
    /// The number of code points; in UTF-8, all bytes but 10xxxxxx begin one.
    fileprivate var codePointCount: Int {
        let bytes = utf8Span.span
        if utf8Span.isKnownASCII { return bytes.count }
        var count = 0
        for index in bytes.indices where bytes[index] & 0xc0 != 0x80 { count += 1 }
        return count
    }
}
