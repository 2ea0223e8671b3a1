internal import IncrementalBias

extension Setting {
    static let changeLogAge = Setting(
        "change-log-age", \.changeLogAge, .duration, .reload,
        "How long the store keeps what changed, for consumers of `GET /v1/changes`.",
        details: """
            A consumer that was away for longer gets status 410, and reads all images again.
            """)

    static let changeLogSize = Setting(
        "change-log-size", \.changeLogSize, .byteCount(in: 0...1 << 40), .reload,
        "The maximum size of what the store keeps for `GET /v1/changes`, in bytes; 0 switches it off.",
        details: """
            A commit takes at most one bit for each image, two bytes for each image that changed, and the ids of deleted \
            images. Beyond the maximum the oldest commits are forgotten.
            """)
}
