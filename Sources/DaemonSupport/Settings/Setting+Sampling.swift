internal import QuerySampling

/// The settings of references that are sampled from the queries of searches.
extension Setting {
    static let sampleQueries = Setting(
        "sample-queries", \.sampleQueries, SettingType<SamplingRate>.samplingRate.optional(none: "off"), .reload,
        "How many queries of searches become references: a part of them (`5%`), or so many a minute (`60/min`).",
        details: """
            Without this setting nothing of a query reaches the disk. A client leaves out its queries with "sample": false. \
            docs/ingestion.md and SECURITY.md say what is kept, and what a client could do with it.
            """,
        defaultText: "off", exampleValue: "5%")

    static let sampleDelay = Setting(
        "sample-delay", \.sampleDelay, .duration, .reload,
        "The time from a query until it becomes a reference, so that nobody's query corrects his own results at once.")

    static let maxSampledReferences = Setting(
        "max-sampled-references", \.maximumSampledReferences, .integer { _ in 1...1_000_000 }, .reload,
        "The maximum number of sampled references; beyond it, the oldest are retired.",
        details: "It applies in place of max-references, also after sample-queries was removed.")

    static let sampledReferenceTTL = Setting(
        "sampled-reference-ttl", \.sampledReferenceTTL, SettingType<Double>.duration.optional(none: "no limit"),
        .reload, "How long a sampled reference is kept after its query was asked the last time.",
        details: "It applies in place of reference-ttl. A repeated query renews its reference at most once an hour.",
        defaultText: "no limit", exampleValue: "7d")

    static let sampleClientShare = Setting(
        "sample-client-share", \.sampleClientPercent,
        SettingType<Double>.percent.optional(none: "a quarter of `k` references"), .reload,
        "The largest part of `max-sampled-references` that the queries of one user can be, for example `25%`.",
        details: """
            Users are told apart by the user of the process that connects. With the default, one user raises a bias by \
            at most alpha / 4 x (1 - s), see SECURITY.md. If all clients run as one user, or all can be trusted, set it \
            to 100%. The parts are counted anew at each start.
            """,
        defaultText: "a quarter of `k` references", exampleValue: "25%")
}
