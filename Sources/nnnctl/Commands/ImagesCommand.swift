import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl images`: lists the images.
struct ImagesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "images",
        abstract: "List the images and their biases.",
        discussion: """
            The list is sorted by the bytes of the ids. It is read in parts of 10,000 ids, and each part reflects the \
            corpus at its time. An id that exists all the time is listed once.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        try await daemon.client.listImages(after: listing.after, limit: listing.limit) { lines, document in
            if listing.json { return try StandardOutput.write(document: document) }
            var table = Table([.trailing("bias"), .leading("image")])
            for line in lines { table.append([NumberFormat.score(line.bias), line.id.printable]) }
            try StandardOutput.write(lines: table.lines(style: .output, indent: 0))
        }
    }
}
