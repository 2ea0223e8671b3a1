import ArgumentParser
import DaemonSupport
import WireAPI

/// The command line of `nnnd`.
@main
struct NNND: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nnnd",
        abstract: "Keeps the biases of Nearest Neighbor Normalization exact while images and references change.",
        discussion: """
            nnnd watches a spool directory for shards (files of embeddings), keeps vectors and biases in LMDB, and \
            answers debiased searches over HTTP on a Unix socket.
            """,
        version: Version.current,
        subcommands: [Serve.self, Rebuild.self, SettingsCommand.self]
    )

    static func main() async {
        AllocatorPolicy.keepFreedMemory()
        await main(nil)
    }
}
