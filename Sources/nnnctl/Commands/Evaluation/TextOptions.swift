import ArgumentParser
import ControlClient

/// The option that names texts to show beside ids.
struct TextOptions: ParsableArguments {
    @Option(
        name: .customLong("texts"),
        help: ArgumentHelp(
            "Texts to show beside ids of images and references: a line for each, with the id, a tab and the text.",
            valueName: "file"),
        completion: .file()
    )
    var file: String?

    /// Reads the texts, by id; none if no file is given.
    func read() throws -> [String: String] {
        try file.map { try TextsFile(path: $0).read() } ?? [:]
    }
}
