internal import IncrementalBias
internal import Logging
internal import ShardFormats
internal import SpoolProtocol
internal import VectorMath

extension Setting {
    /// All settings, in the order in which they are parsed: the bounds of a setting can depend on settings before it.
    package static let all = [
        spool, data, socket, socketMode, k, capacity, alpha, recall, cellsFrom, metric, precision, threads,
        finishedShards, largestShard, mapSize, npyV2, heapCheckShare, maxReferences, referenceTTL, sampleQueries,
        sampleDelay, maxSampledReferences, sampledReferenceTTL, sampleClientShare, changeLogAge, changeLogSize,
        quietSeconds, listQuietSeconds, rescanSeconds, clientSeconds,
        logLevel,
    ]

    /// The settings that are options of `nnnd rebuild`.
    package static let ofRebuild = [data, k, capacity, threads, mapSize]

    /// The largest allowed `k`.
    private static let largestK = 65_536

    static let spool = Setting(
        "spool", \.spool, .path("folder"), .restart,
        "The folder into which producers move shards and lists of ids to delete.",
        details: """
            Files go into its subfolders images/ and references/. nnnd.service can write only to this folder and to \
            its data folder. Another folder must belong to the user nnnd and can't be below /home. It also needs \
            ReadWritePaths= in a drop-in (`systemctl edit nnnd`). nnnd@NAME always uses /var/spool/nnnd@NAME.
            """)

    static let data = Setting(
        "data", \.data, .path("folder"), .restart, "The folder of the store, on a local file system.",
        details: """
            Under systemd, StateDirectory= sets it; for nnnd@NAME it is /var/lib/nnnd@NAME. Another folder needs \
            ReadWritePaths= in a drop-in (`systemctl edit nnnd`).
            """,
        defaultText: "`$STATE_DIRECTORY` or `/var/lib/nnnd`")

    static let socket = Setting(
        "socket", \.socket, .path("path"), .restart, "The path of the Unix socket that serves the API.",
        details: "Under systemd the socket unit creates the socket, and socket and socket-mode have no effect.",
        defaultText: "`nnnd.sock` in `$RUNTIME_DIRECTORY` or `/run/nnnd`")

    static let socketMode = Setting(
        "socket-mode", \.socketMode, .mode, .restart,
        "The permissions of the socket, in octal; a client needs write permission to connect.",
        details: "A client that can connect can call the whole API.", exampleValue: "\"0660\"")

    static let k = Setting(
        "k", \.k, .integer { _ in 1...largestK }, .reload,
        "The bias of an image averages its `k` largest similarities to references.",
        details: """
            A new value is applied to all images in one commit. It can't exceed the capacity. If no flag, environment \
            variable or file sets k, the value that a client has set (`nnnctl tune --apply`) takes the place of the \
            default.
            """)

    static let capacity = Setting(
        "capacity", \.capacity,
        SettingType<Int>.integer { $0.k...2 * largestK }.optional(none: "the store's"), .fixed,
        """
        The number of references kept per image (at least `k`), so that after removals of references nnnd rarely has \
        to search all references for an image again.
        """,
        details: """
            A larger capacity takes more disk space, and saves work when references are deleted, replaced or retired. \
            An existing store keeps its capacity; `nnnd rebuild` changes it.
            """,
        defaultText: "the store's; for a new store 1.25 x `k`, at least `k` + 8",
        exampleValue: "\(StoreSettings.defaultCapacity(k: DaemonSettings().k))")

    static let alpha = Setting(
        "alpha", \.alpha, .number("number", in: 0...1000), .reload,
        "The weight of the bias in searches that do not set `alpha` themselves.",
        details: """
            The score of an image is similarity - alpha x mean. If no flag, environment variable or file sets alpha, \
            the value that a client has set (`nnnctl tune --apply`) takes the place of the default.
            """)

    static let recall = Setting(
        "recall", \.recall, .number("number", in: 0.5...1), .reload,
        """
        The recall of searches that do not set `recall` themselves: the share of the best images that answers should \
        have on average. 1 gives exact answers.
        """,
        details: """
            Below 1, searches among many images estimate most scores from a third of the bytes, and score the rows \
            with the best estimates exactly. `nnnctl status` shows the recall that is measured.
            """)

    static let cellsFrom = Setting(
        "cells-from", \.cellsFrom, .integer { _ in 0...1 << 32 }, .restart,
        """
        The number of images from which on nnnd groups images into cells, so that approximate searches read few of \
        them. 0 switches cells off.
        """,
        details: """
            Cells are made in the background, and take about a tenth of the space of the vectors. Exact searches do \
            not use them. For few images, a search without cells is as fast.
            """)

    static let metric = Setting(
        "metric", \.metric, .choice("metric"), .fixed,
        "The similarity of two vectors: `cosine`, for which all vectors are normalised, or `inner-product`.")

    static let precision = Setting(
        "precision", \.precision, .choice("type"), .fixed,
        "The number format of stored vectors: `float32`, or `float16`, which takes half the disk space.")

    static let threads = Setting(
        "threads", \.threads, .integer { _ in 1...1024 }, .restart,
        "The number of threads for searches, and as many again for bias maintenance.",
        defaultText: "one per core", exampleValue: "2")

    static let finishedShards = Setting(
        "finished-shards", \.finishedShards, .choice("action"), .reload,
        "What happens to the file of a shard or deletion list after its commit: `move` to done/, or `delete`.",
        details: "The receipt is written to done/ in both cases.")

    static let largestShard = Setting(
        "largest-shard", \.explicitLargestShard, .byteCount(in: 1...1 << 40), .reload,
        "The maximum size of a shard's file; a shard can have one row for each 64 bytes of this maximum.",
        details: """
            Larger shards are rejected. 4,096 rows are always allowed. New images in .npy files in C order are read in \
            pieces. Every other shard is read into memory whole and takes up to seven times its size there. By default \
            such a shard can have 1GiB, or an eighth of the memory that the machine has or MemoryMax= allows, if that \
            is less. A value that is set here applies to all shards. A shard that takes too much memory gets the \
            daemon killed, and each new start reads it again.
            """,
        defaultText: """
            `4GiB`; for a shard that is read into memory whole `1GiB`, or an eighth of the memory that the process can \
            use if that is less
            """)

    static let mapSize = Setting(
        "map-size", \.mapSize, .byteCount(in: 1 << 20...1 << 46), .restart,
        "The maximum size of the store's data file; as much address space is reserved.",
        details: """
            The file has only the size of its content. Set a smaller size if the start fails because the address space \
            is limited (`ulimit -v`, LimitAS=, some containers). A store that has reached its size takes no more \
            shards until nnnd is started with a larger one.
            """)

    static let npyV2 = Setting(
        "npy-v2", \.v2Elements, .choice("meaning"), .reload,
        "How vectors of numpy's type `V2` in .npy and .npz files are read: as `bfloat16`, or not at all: `reject`.",
        details: """
            numpy saves an array of bfloat16 (of the package ml_dtypes) as V2, which stands for two bytes of any \
            meaning. With bfloat16, all producers and clients must use V2 for nothing else. A .safetensors file names \
            its type and is read with either value.
            """)

    static let heapCheckShare = Setting(
        "heap-check-share", \.heapCheckShare, .number("share", in: 0...1), .reload,
        "The part of the images of a shard with heaps (`NAME.heaps.npz`) whose heaps are computed again; `1` for all.",
        details: """
            If one of them is wrong, the shard is rejected. At least 100 heaps of a shard are checked. The similarities \
            in all heaps are computed again in any case: only the choice of references is checked by this sample.
            """)

    static let maxReferences = Setting(
        "max-references", \.maximumReferences,
        SettingType<Int>.integer { _ in 1...Int.max }.optional(none: "no limit"), .reload,
        "The maximum number of references; beyond it, those that arrived first are retired.",
        details: "A replaced reference counts as a new arrival. Sampled references don't count.",
        defaultText: "no limit", exampleValue: "100000")

    static let referenceTTL = Setting(
        "reference-ttl", \.referenceTTL, SettingType<Double>.duration.optional(none: "no limit"), .reload,
        "How long a reference is kept after its arrival, for example `90s`, `15m`, `12h` or `30d`.",
        details: "Expired references are retired even if no shard arrives.", defaultText: "no limit",
        exampleValue: "30d")

    static let quietSeconds = Setting(
        "quiet-seconds", \.quiet, .number("seconds", in: 0...86_400), .reload,
        "How many seconds a file that was not renamed into the spool must stay unchanged before it is processed.")

    static let listQuietSeconds = Setting(
        "list-quiet-seconds", \.listQuiet, .number("seconds", in: 0...86_400), .reload,
        "The same for an `.ids` or `.delete` file, which must also end in a line feed.",
        details: "A list has no header that tells its length, so a pause of its writer must not be taken for its end.")

    static let rescanSeconds = Setting(
        "rescan-seconds", \.rescan, .number("seconds", in: 0.1...86_400), .reload,
        "The seconds between two scans of the spool if no file event arrives.")

    static let clientSeconds = Setting(
        "client-seconds", \.clientTimeout, .number("seconds", in: 0.1...86_400), .reload,
        """
        Timeout in seconds: for sending a request, for receiving each 64 MiB of a response, and for idling between \
        requests.
        """,
        details: "A new value applies to new connections.")

    static let logLevel = Setting(
        "log-level", \.logLevel, .choice("level"), .reload,
        "The lowest level that is logged: `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`.",
        details: "Log lines go to standard error. In the journal each has a priority.")
}
