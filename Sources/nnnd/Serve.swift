import ArgumentParser
import DaemonSupport
import Foundation
import Logging

/// `nnnd serve`: the daemon itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch the spool, keep the biases, answer searches, until told to stop.",
        discussion: """
            Shards renamed into SPOOL/images and SPOOL/references add rows, and replace those whose ids exist already. \
            A list of ids, NAME.delete (UTF-8, one a line), deletes rows. --max-references and --reference-ttl retire \
            references. Receipts appear in SPOOL/done, reasons for refusals in SPOOL/failed.

            Every setting can also be given in the environment (--socket-mode as NNND_SOCKET_MODE) or in the \
            configuration file (socket-mode: "0660"); a flag goes before the environment, and that before the file.
            """
    )

    @Option(
        help: ArgumentHelp(
            "The configuration file, YAML. (default: /etc/nnnd/nnnd.yaml, if it is there; environment: NNND_CONFIG)",
            valueName: "file"), completion: .file())
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Where shards and lists of ids to delete are dropped. (default: /var/spool/nnnd)", valueName: "folder"),
        completion: .directory)
    var spool: String?

    @Option(
        help: ArgumentHelp(
            "Where the store is kept. (default: $STATE_DIRECTORY or /var/lib/nnnd)", valueName: "folder"),
        completion: .directory)
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The socket to answer on. (default: nnnd.sock in $RUNTIME_DIRECTORY or /run/nnnd)", valueName: "path"),
        completion: .file())
    var socket: String?

    @Option(help: ArgumentHelp("The socket's permissions, octal. (default: 0660)", valueName: "mode"))
    var socketMode: String?

    @Option(
        help: ArgumentHelp(
            "How many of an image's largest similarities to references its bias averages. (default: 128)",
            valueName: "number"))
    var k: String?

    @Option(
        help: ArgumentHelp(
            "How many references an image's heap can hold; fixed when the store is made. (default: k and a quarter, at least 8 more)",
            valueName: "number"))
    var capacity: String?

    @Option(
        help: ArgumentHelp(
            "The weight of the correction where a search names none. (default: 0.75)", valueName: "number"))
    var alpha: String?

    @Option(
        help: ArgumentHelp(
            "cosine, which normalises all vectors, or inner-product; fixed when the store is made. (default: cosine)",
            valueName: "metric"), completion: .list(["cosine", "inner-product"]))
    var metric: String?

    @Option(
        help: ArgumentHelp(
            "How vectors are stored, float32 or float16; fixed when the store is made. (default: float32)",
            valueName: "type"), completion: .list(["float32", "float16"]))
    var precision: String?

    @Option(
        help: ArgumentHelp("Threads for searches, and as many for upkeep. (default: one a core)", valueName: "number"))
    var threads: String?

    @Option(
        help: ArgumentHelp(
            "What becomes of a shard or list after its commit: move (to done/) or delete; its receipt goes to done/ anyhow. (default: move)",
            valueName: "action"),
        completion: .list(["move", "delete"]))
    var finishedShards: String?

    @Option(
        help: ArgumentHelp(
            "Refuse shards larger than this. (default: 1GiB, or an eighth of the memory that there is)",
            valueName: "bytes"))
    var largestShard: String?

    @Option(
        help: ArgumentHelp(
            "Keep only the newest that many references, in the order in which they arrived; a replaced one arrives anew. (default: all)",
            valueName: "number"))
    var maxReferences: String?

    @Option(
        name: .customLong("reference-ttl"),
        help: ArgumentHelp(
            "Keep only references that arrived less than so long ago: 90s, 15m, 12h, 30d. Older ones go also when nothing comes. (default: for ever)",
            valueName: "duration"))
    var referenceTTL: String?

    @Option(
        help: ArgumentHelp(
            "How long a file that was not renamed into the spool must stay unchanged before it is taken. (default: 2)",
            valueName: "seconds"))
    var quietSeconds: String?

    @Option(help: ArgumentHelp("How often to look through the spool unasked. (default: 30)", valueName: "seconds"))
    var rescanSeconds: String?

    @Option(
        help: ArgumentHelp(
            "How long a client may take to send a request or to take an answer, and stay connected without one. (default: 60)",
            valueName: "seconds"))
    var clientSeconds: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"),
        completion: .list(["trace", "debug", "info", "notice", "warning", "error", "critical"]))
    var logLevel: String?

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let (flags, file) = (flags, config ?? environment["NNND_CONFIG"])
        let read = { @Sendable () throws -> ServeSettings in
            let sources = try SettingSources(flags: flags, environment: environment, file: file)
            return try ServeSettings(sources, environment: environment)
        }
        try await FailureLine.telling {
            // First of all: a descriptor that isn't there must not be taken for the next one that something opens.
            let inherited = try Activation.socket(environment: environment)
            try await Daemon.run(read(), inherited: inherited, environment: environment, read: read)
        }
    }

    private var flags: [Setting: String] {
        let given: [(Setting, String?)] = [
            (.spool, spool), (.data, data), (.socket, socket), (.socketMode, socketMode), (.k, k),
            (.capacity, capacity), (.alpha, alpha), (.metric, metric), (.precision, precision), (.threads, threads),
            (.finishedShards, finishedShards), (.largestShard, largestShard), (.maxReferences, maxReferences),
            (.referenceTTL, referenceTTL), (.quietSeconds, quietSeconds),
            (.rescanSeconds, rescanSeconds), (.clientSeconds, clientSeconds), (.logLevel, logLevel),
        ]
        return given.reduce(into: [:]) { flags, entry in flags[entry.0] = entry.1 }
    }
}
