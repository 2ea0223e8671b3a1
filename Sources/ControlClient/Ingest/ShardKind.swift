internal import ArgumentParser

/// What the vectors of a shard are.
package enum ShardKind: String, CaseIterable, ExpressibleByArgument {
    case images
    case references
}
