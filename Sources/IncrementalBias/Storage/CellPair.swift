/// The cells of one image: that of the nearest centroid, and a second one.
///
/// Both are stored in four bytes.
package struct CellPair: Equatable, Sendable {
    /// The numbers of the cells; ``noCell`` if there is none.
    package let first: UInt16
    package let second: UInt16

    package static let noCell = UInt16.max
    /// The cells of an image that is in none.
    package static let none = CellPair(first: noCell, second: noCell)

    package init(first: UInt16, second: UInt16) {
        (self.first, self.second) = (first, second)
    }

    /// Decodes the stored form.
    init(stored: UInt32) {
        self.init(first: UInt16(truncatingIfNeeded: stored), second: UInt16(truncatingIfNeeded: stored >> 16))
    }

    /// The form in which the pair is stored.
    var stored: UInt32 { UInt32(first) | UInt32(second) << 16 }

    /// Whether an image with this pair stands in the list of a cell.
    func contains(_ cell: Int) -> Bool { Int(first) == cell || Int(second) == cell }
}
