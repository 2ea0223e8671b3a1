/// A change of one heap that a commit has recorded and that the stored heap need not contain yet.
///
/// A pending entry has three 32-bit words: the row of the image, the row of the reference, and the bits of the
/// similarity. The similarity of a reference is never NaN, so two NaNs mark the other kinds of entries.
package struct PendingEntry: Equatable, Sendable {
    /// The row of the image whose heap changes.
    package let image: UInt32
    /// The row of the reference that enters or leaves the heap; 0 for ``Kind/reset``.
    package let reference: UInt32
    /// The third word: the bits of the similarity, or ``removalBits`` or ``resetBits``.
    package let bits: UInt32

    /// What an entry does to a heap.
    package enum Kind: Equatable, Sendable {
        /// The reference enters the heap.
        case addition
        /// The reference leaves the heap.
        case removal
        /// The stored heap contains all earlier entries of the image already, or does not depend on them.
        case reset
    }

    package static let removalBits: UInt32 = 0x7FC0_0001
    package static let resetBits: UInt32 = 0x7FC0_0002
    /// The number of 32-bit words of an entry.
    package static let words = 3
    /// The size of an entry, in bytes.
    package static let byteCount = 12

    /// Creates an entry from its three words.
    package init(image: UInt32, reference: UInt32, bits: UInt32) {
        self.image = image
        self.reference = reference
        self.bits = bits
    }

    /// The reference `reference` enters the heap of `image`.
    package static func addition(_ reference: UInt32, to image: UInt32, similarity: Float) -> PendingEntry {
        PendingEntry(image: image, reference: reference, bits: similarity.bitPattern)
    }

    /// The reference `reference` leaves the heap of `image`.
    package static func removal(_ reference: UInt32, from image: UInt32) -> PendingEntry {
        PendingEntry(image: image, reference: reference, bits: removalBits)
    }

    /// The heap of `image` was stored anew.
    package static func reset(_ image: UInt32) -> PendingEntry {
        PendingEntry(image: image, reference: 0, bits: resetBits)
    }

    package var kind: Kind {
        switch bits {
        case Self.removalBits: .removal
        case Self.resetBits: .reset
        default: .addition
        }
    }

    /// The similarity of the image and the reference; only an addition has one.
    package var similarity: Float { Float(bitPattern: bits) }

    /// Appends the entry to `words` in its stored form.
    package func append(to words: inout [UInt32]) {
        words.append(image)
        words.append(reference)
        words.append(bits)
    }
}

extension ReferenceHeap {
    /// Applies pending entries of one image to its stored heap, one after another.
    ///
    /// - Parameters:
    ///   - entries: the entries of the image in the order of effect.
    ///   - added: working memory of the same capacity; its content is replaced.
    package mutating func apply(_ entries: ArraySlice<PendingEntry>, using added: inout ReferenceHeap) {
        let first = entries.lastIndex { $0.kind == .reset }.map { $0 + 1 } ?? entries.startIndex
        added.clear()
        for entry in entries[first...] {
            switch entry.kind {
            case .addition: added.insert(entry.reference, similarity: entry.similarity)
            case .removal:
                merge(added)
                added.clear()
                remove(reference: entry.reference)
            case .reset: break
            }
        }
        merge(added)
    }
}
