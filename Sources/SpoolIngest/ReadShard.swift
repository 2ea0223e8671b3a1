package import IncrementalBias
package import PosixSupport
package import ShardFormats

/// A claimed shard that was read and checked.
package struct ReadShard {
    /// Its files.
    package let claimed: ClaimedShard
    /// The content for ``IncrementalBias/Corpus``.
    package let content: IncomingShard

    /// A shard and what was read from it.
    package init(_ claimed: ClaimedShard, _ content: IncomingShard) {
        self.claimed = claimed
        self.content = content
    }

    /// The approximate size of the shard in memory, in bytes.
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
    /// It is large, and will be stored piece by piece (staged).
    case large(LargeShard)
    /// It brings heaps, and will be staged with them.
    case withHeaps
    /// It took effect before, and has this receipt.
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
