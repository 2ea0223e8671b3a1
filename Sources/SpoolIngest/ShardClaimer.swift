package import FoundationEssentials
package import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// The outcome of an attempt to claim a file.
package enum ClaimOutcome {
    /// The shard and its sidecars are in `processing/`.
    case claimed(ClaimedShard)
    /// The file is in `processing/`, but is not the one that was complete: a producer has replaced it or written to it.
    case changing
    /// The file is still in the incoming folder, or in `processing/` if it was moved and could not be examined there.
    case waiting(ClaimObstacle)
    /// The file no longer exists.
    case gone
}

/// Why a file can't be claimed now.
package enum ClaimObstacle: Sendable {
    /// An earlier shard of the same name, or with the same sidecar, is not yet published.
    case earlierShard
    /// The system can't move the file.
    case fault(SystemError)
    /// The system can't move the shard, and can't move its sidecar back. A recovery must do that.
    case strandedSidecar(SystemError)
}

/// Claims files: moves them from the incoming folders into `processing/`, the sidecars first, then the shard.
package struct ShardClaimer: Sendable {
    /// The spool.
    package let folders: SpoolFolders

    /// A claimer for a spool.
    package init(_ folders: SpoolFolders) {
        self.folders = folders
    }

    /// Claims a file of an incoming folder.
    ///
    /// - Parameters:
    ///   - file: the file as it was when it was found complete.
    ///   - now: the current time, which becomes ``ClaimedShard/received``.
    /// - Throws: a fault of the whole spool, such as a read-only disk. The file stays where it is.
    package func claim(_ file: SpoolFile, now: Date) throws(SystemError) -> ClaimOutcome {
        let key = file.key
        guard try !isOccupied(key) else { return .waiting(.earlierShard) }
        let incoming = folders.incoming(key.role)
        let processing = folders.processing(key.role)
        var sidecars: [String] = []
        do throws(SystemError) {
            for name in key.sidecars where try folders.move("\(incoming)/\(name)", to: "\(processing)/\(name)") {
                sidecars.append(name)
            }
            guard try folders.move("\(incoming)/\(key.name)", to: "\(processing)/\(key.name)"),
                let entry = try FileSystem.entry("\(processing)/\(key.name)")
            else {
                return try putBack(sidecars, key.role, thenReturn: .gone)
            }
            guard entry.isSameFile(as: file.entry) else { return .changing }
            return .claimed(shard(key, entry, sidecars, now))
        } catch {
            let outcome = try putBack(sidecars, key.role, thenReturn: .waiting(.fault(error)))
            guard error.holdsUpOneFile else { throw error }
            return outcome
        }
    }

    private func shard(
        _ key: ShardKey, _ entry: FileSystem.Entry, _ sidecars: [String], _ received: Date
    ) -> ClaimedShard {
        ClaimedShard(
            key, entry, sidecar: key.sidecar.flatMap { sidecars.contains($0) ? $0 : nil },
            heaps: key.heaps.flatMap { sidecars.contains($0) ? $0 : nil }, received: received)
    }

    /// Moves the sidecars of a file that can't be claimed back to the incoming folder.
    ///
    /// - Returns: `outcome`, or ``ClaimObstacle/strandedSidecar(_:)`` if the system can't move a sidecar.
    private func putBack(
        _ sidecars: [String], _ role: VectorRole, thenReturn outcome: ClaimOutcome
    ) throws(SystemError) -> ClaimOutcome {
        do throws(SystemError) {
            for sidecar in sidecars { try putBack(sidecar, role) }
            return outcome
        } catch {
            return .waiting(.strandedSidecar(error))
        }
    }

    /// The shard of a file that is already in `processing/`, with its sidecars if they are there.
    package func claimed(_ file: SpoolFile, now: Date) throws(SystemError) -> ClaimedShard {
        let folder = folders.processing(file.key.role)
        var sidecars: [String] = []
        for name in file.key.sidecars where try FileSystem.entry("\(folder)/\(name)") != nil { sidecars.append(name) }
        return shard(file.key, file.entry, sidecars, now)
    }

    /// Moves a claimed sidecar back into the incoming folder, or deletes it if a producer has put another one there.
    ///
    /// A folder in place of the sidecar can't be deleted: it is moved to `failed/`.
    package func putBack(_ sidecar: String, _ role: VectorRole) throws(SystemError) {
        let path = "\(folders.processing(role))/\(sidecar)"
        guard try !folders.moveIfFree(path, to: "\(folders.incoming(role))/\(sidecar)") else { return }
        do throws(SystemError) {
            try FileSystem.remove(path)
        } catch {
            guard error.isCausedByFolder else { throw error }
            try folders.moveAside(path, to: "\(folders.failed(role))/\(sidecar)")
        }
    }

    /// Whether `processing/` has files of the shard, or of one that has the same sidecars.
    ///
    /// The sidecars of a shard that is being published are in a folder of their own (``SpoolFolders/leaving(_:_:)``).
    package func isOccupied(_ key: ShardKey) throws(SystemError) -> Bool {
        let processing = folders.processing(key.role)
        for name in key.group where try FileSystem.entry("\(processing)/\(name)") != nil { return true }
        for sidecar in key.sidecars {
            if try FileSystem.entry("\(processing)/\(sidecar)") != nil { return true }
            for destination in SpoolFolders.Destination.allCases
            where try FileSystem.entry("\(folders.leaving(destination, key.role))/\(sidecar)") != nil { return true }
        }
        return false
    }
}
