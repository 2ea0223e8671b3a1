import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl references`: lists the references.
struct ReferencesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "references",
        abstract: "List the references with their sources and the times of their arrival.",
        discussion: """
            The list is sorted by the bytes of the ids. It is read in parts of 10,000 ids, and each part reflects the \
            corpus at its time. An id that exists all the time is listed once.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        try await daemon.client.listReferences(after: listing.after, limit: listing.limit) { lines, document in
            if listing.json { return try StandardOutput.write(document: document) }
            var table = Table([.leading("arrived"), .leading("source"), .leading("reference")])
            for line in lines {
                table.append([NumberFormat.time(line.arrived), line.source.printable, line.id.printable])
            }
            try StandardOutput.write(lines: table.lines(style: .output, indent: 0))
        }
    }
}
