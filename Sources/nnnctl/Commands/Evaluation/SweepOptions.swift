import ArgumentParser

/// The options of the choice of k and alpha.
struct SweepOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The values of k to try, such as 8,32,128 (default: up to 16 from 1 to the capacity).", valueName: "list"))
    var ks: NumberList<Int>?

    @Option(
        help: ArgumentHelp(
            "The values of alpha to try, such as 0,0.5,1 (default: 0 to 2 in steps of 0.125).", valueName: "list"))
    var alphas: NumberList<Float>?

    @Option(help: ArgumentHelp("How often the queries are divided into random halves (default: 100).", valueName: "n"))
    var repeats: Int?

    @Option(help: ArgumentHelp("The seed of all random choices (default: 0).", valueName: "n"))
    var seed: Int?

    func validate() throws {
        guard repeats ?? 1 > 0 else { throw ValidationError("'--repeats' must be 1 or more.") }
        guard seed ?? 0 >= 0 else { throw ValidationError("'--seed' must be 0 or more.") }
    }
}

/// Numbers separated by commas.
struct NumberList<Number: LosslessStringConvertible & Sendable>: ExpressibleByArgument {
    let numbers: [Number]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Number(String($0)) }
        guard numbers.count == parts.count else { return nil }
        self.numbers = numbers
    }
}
