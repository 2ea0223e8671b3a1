internal import IncrementalBias
internal import Logging
internal import SpoolProtocol
internal import VectorMath

extension Setting {
    /// All settings; a bound of one can depend on those before it.
    package static let all = [
        spool, data, socket, socketMode, k, capacity, alpha, metric, precision, threads, finishedShards, largestShard,
        maxReferences, referenceTTL, quietSeconds, rescanSeconds, clientSeconds, logLevel,
    ]

    /// The settings that `nnnd rebuild` uses.
    package static let ofRebuild = [data, k, capacity, threads]

    private static let largestK = 65_536

    static let spool = Setting(
        "spool", \.spool, .path("folder"), .restart,
        "The folder where producers drop shards and lists of ids to delete.",
        details: """
            It has the folders images/ and references/. nnnd.service can write to this folder and its data folder only. \
            Another folder must belong to the user nnnd, can't be below /home, and needs ReadWritePaths= in a drop-in \
            (`systemctl edit nnnd`). nnnd@NAME always uses /var/spool/nnnd@NAME.
            """)

    static let data = Setting(
        "data", \.data, .path("folder"), .restart, "The folder of the store, on a local file system.",
        details: """
            Under systemd, StateDirectory= sets it; for nnnd@NAME it is /var/lib/nnnd@NAME. Another folder needs \
            ReadWritePaths=.
            """,
        defaultText: "`$STATE_DIRECTORY` or `/var/lib/nnnd`")

    static let socket = Setting(
        "socket", \.socket, .path("path"), .restart, "The path of the Unix socket that serves the API.",
        details: "Under systemd the socket unit sets it, and socket and socket-mode have no effect.",
        defaultText: "`nnnd.sock` in `$RUNTIME_DIRECTORY` or `/run/nnnd`")

    static let socketMode = Setting(
        "socket-mode", \.socketMode, .mode, .restart,
        "The permissions of the socket, in octal: they decide who can connect.",
        details: "A client that can connect can call the whole API.", exampleValue: "\"0660\"")

    static let k = Setting(
        "k", \.k, .integer { _ in 1...largestK }, .restart,
        "The number of an image's largest similarities to references that its bias averages.",
        details: "Another value, up to the capacity, is applied to all images at the next start.")

    static let capacity = Setting(
        "capacity", \.capacity, SettingType<Int>.integer { $0.k...2 * largestK }.orNone("that of the store"), .store,
        "The number of references that an image's heap can hold.",
        details: """
            A larger capacity takes more disk space and saves work when references are replaced or retired. An existing \
            store keeps its capacity; `nnnd rebuild` changes it.
            """,
        defaultText: "that of the store; for a new one `k` and a quarter, at least 8 more",
        exampleValue: "\(StoreSettings.defaultCapacity(k: DaemonSettings().k))")

    static let alpha = Setting(
        "alpha", \.alpha, .number("number", in: 0...1000), .reload,
        "The weight of the bias in searches that name none.",
        details: "The score of an image is its similarity - alpha x mean.")

    static let metric = Setting(
        "metric", \.metric, .choice("metric"), .store,
        "The similarity of vectors: `cosine`, for which every vector is normalised, or `inner-product`.")

    static let precision = Setting(
        "precision", \.precision, .choice("type"), .store,
        "The type in which vectors are stored: `float32`, or `float16` for half the disk space.")

    static let threads = Setting(
        "threads", \.threads, .integer { _ in 1...1024 }, .restart,
        "The number of threads for searches, and of further threads for bias maintenance.",
        defaultText: "one a core", exampleValue: "2")

    static let finishedShards = Setting(
        "finished-shards", \.completedShards, .choice("action"), .reload,
        "What happens to a shard or list after its commit: `move` to done/, or `delete`.",
        details: "Its receipt is written to done/ in both cases.")

    static let largestShard = Setting(
        "largest-shard", \.largestShard, .byteCount, .reload,
        "The maximum size of a shard; larger files are rejected, as are shards with a row for fewer than 64 bytes of it.",
        details: """
            A shard is read into memory whole and takes up to seven times its size there, except plain float32 .npy \
            files of new images. The default is 1GiB, or an eighth of the memory that the machine has or MemoryMax= \
            allows, if that is less: a shard for which the daemon is killed would be read again and again.
            """,
        defaultText: "`1GiB`, or an eighth of the memory that the process can use")

    static let maxReferences = Setting(
        "max-references", \.maximumReferences, SettingType<Int>.integer { _ in 1...Int.max }.orNone("all"), .reload,
        "The number of references to keep; those that arrived first are retired.",
        details: "A replaced reference counts as a new arrival.", defaultText: "all", exampleValue: "100000")

    static let referenceTTL = Setting(
        "reference-ttl", \.referenceTTL, SettingType<Double>.duration.orNone("for ever"), .reload,
        "How long a reference is kept after its arrival: `90s`, `15m`, `12h`, `30d`.",
        details: "Expired references are retired even when nothing arrives.", defaultText: "for ever",
        exampleValue: "30d")

    static let quietSeconds = Setting(
        "quiet-seconds", \.quiet, .number("seconds", in: 0...86_400), .reload,
        "The seconds that a file which was not renamed into the spool must stay unchanged before it is processed.")

    static let rescanSeconds = Setting(
        "rescan-seconds", \.rescan, .number("seconds", in: 0.1...86_400), .reload,
        "The seconds between two scans of the spool while no event arrives.")

    static let clientSeconds = Setting(
        "client-seconds", \.clientTimeout, .number("seconds", in: 0.1...86_400), .reload,
        """
        The seconds that a client has to send a request, to take each 64 MiB of a response, and between two requests.
        """,
        details: "A new value applies to new connections.")

    static let logLevel = Setting(
        "log-level", \.logLevel, .choice("level"), .reload,
        "The lowest level of log lines: `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`.",
        details: "Log lines go to standard error, and to the journal with its priorities.")
}
