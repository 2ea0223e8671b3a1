/// The line that `systemctl status` shows: `5,000 images, 8,000 references, generation 4; 3 shards wait`.
package struct StatusLine: CustomStringConvertible {
    private let images: Int
    private let references: Int
    private let generation: UInt64
    private let backlog: Int

    /// - Parameters:
    ///   - images: the number of images.
    ///   - references: the number of references.
    ///   - generation: the generation of the corpus.
    ///   - backlog: the number of files in the spool when it was last listed, without those that left it since.
    package init(images: Int, references: Int, generation: UInt64, backlog: Int) {
        self.images = images
        self.references = references
        self.generation = generation
        self.backlog = backlog
    }

    package var description: String {
        let waiting =
            switch backlog {
            case 0: "no shard waits"
            case 1: "1 shard waits"
            default: "\(grouped(backlog)) shards wait"
            }
        return "\(grouped(images)) images, \(grouped(references)) references, "
            + "generation \(grouped(generation)); \(waiting)"
    }

    /// A number with commas between its thousands.
    private func grouped(_ number: some BinaryInteger) -> String {
        let digits = Array(String(number))
        return String(
            digits.enumerated().flatMap { index, digit in
                index > 0 && (digits.count - index) % 3 == 0 ? [",", digit] : [digit]
            })
    }
}
