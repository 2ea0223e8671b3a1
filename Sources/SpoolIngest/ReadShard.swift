package import IncrementalBias
package import PosixSupport
package import ShardFormats

/// A claimed shard that was read and checked.
package struct ReadShard {
    /// Its files.
    package let claimed: ClaimedShard
    /// What the corpus gets.
    package let content: IncomingShard

    /// A shard and what was read from it.
    package init(_ claimed: ClaimedShard, _ content: IncomingShard) {
        self.claimed = claimed
        self.content = content
    }

    /// About how many bytes it takes in memory.
    package var byteCount: Int {
        let bytesPerID = 64
        let values = if case .vectors(let vectors) = content.content { vectors.byteCount } else { 0 }
        return values + content.ids.count * bytesPerID
    }
}

/// What became of a claimed shard when it was read.
package enum ReadOutcome {
    /// It can be committed.
    case read(ReadShard)
    /// It is too large to be read whole, and can be staged.
    case large(LargeShard)
    /// It took effect before, by this receipt.
    case committed(Receipt)
    /// A producer still writes to it, or to its sidecar.
    case changing
    /// It breaks a rule.
    case rejected(ShardError)
    /// The system can't read it now.
    case unreadable(SystemError)
    /// It was deleted from `processing/`.
    case gone
}
