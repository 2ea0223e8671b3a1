import ArgumentParser

/// What the vectors of a shard are.
enum ShardKind: String, CaseIterable, ExpressibleByArgument {
    case images
    case references
}
