import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl changes`: lists the images that have changed since a cursor.
struct ChangesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "changes",
        abstract: "List the images that have changed since a cursor.",
        discussion: """
            For each image its latest state: upsert for an image that was added or replaced, mean if only its mean has \
            changed, delete for one that was deleted. The last line has the cursor from which the next call continues. \
            nnnd keeps changes as long as its settings change-log-age and change-log-size say; an older cursor is \
            rejected, and 'start' reads all images again.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(
        help: ArgumentHelp(
            "The cursor of an earlier call, 'start' for all images, or 'now' for the present cursor alone.",
            valueName: "cursor"))
    var since = "now"

    @Option(help: ArgumentHelp("The maximum number of changes (default: all).", valueName: "n"))
    var limit: Int?

    @Flag(help: "With --json, print the vectors of images that were added or replaced.")
    var vectors = false

    @Flag(help: "Print lines of JSON, as GET /v1/changes sends them; after each page one with next_cursor.")
    var json = false

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("'--limit' must be 1 or more.") }
        guard json || !vectors else { throw ValidationError("'--vectors' needs '--json'.") }
    }

    func run() async throws {
        var cursor = since
        try await daemon.client.readChanges(since: since, limit: limit, vectors: vectors) { changes, end, document in
            cursor = end.nextCursor
            if json { return try StandardOutput.write(document: document) }
            guard !changes.isEmpty else { return }
            var table = Table([.leading("change"), .trailing("mean"), .leading("image")])
            for change in changes {
                table.append([change.change, change.mean.map { NumberFormat.score($0) } ?? "", change.id.printable])
            }
            try StandardOutput.write(lines: table.lines(style: .output, indent: 0))
        }
        if !json { try StandardOutput.write(lines: ["next cursor  \(cursor)"]) }
    }
}
