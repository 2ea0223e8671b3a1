import VectorMath

/// Random choices that are the same for the same seed on every machine.
///
/// The generator is ``SplitMix64``. How a whole number and an order follow from its output is written down here, so that
/// other programs can repeat the choices.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var generator: SplitMix64

    package init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 { generator.next() }

    /// A whole number from 0 to `count` - 1: the high 64 bits of the product of ``next()`` and `count`.
    ///
    /// - Parameter count: at least 1. The numbers are equally likely up to a difference of `count` / 2^64.
    package mutating func below(_ count: Int) -> Int {
        precondition(count > 0, "there is no whole number from 0 to \(count) - 1")
        return Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// The numbers of `range` in random order.
    ///
    /// It is the shuffle of Fisher and Yates: for i from the last place down to 1, the places i and ``below(_:)`` of
    /// i + 1 are swapped.
    package mutating func shuffled(_ range: Range<Int>) -> [Int] {
        var numbers = Array(range)
        for place in stride(from: numbers.count - 1, to: 0, by: -1) { numbers.swapAt(place, below(place + 1)) }
        return numbers
    }
}
