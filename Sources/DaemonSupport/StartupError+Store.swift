package import IncrementalBias
package import PosixSupport

extension StartupError {
    /// The error that ends the daemon after a failed commit.
    ///
    /// The daemon can't go on, because only a new start shows what the store holds.
    package init(failedCommit error: any StoreFailure, folder: String) {
        if error.isDamage {
            self.init(.damaged("\(error)"), folder: folder)
        } else {
            self.init(
                "the store in \(folder) can't be written: \(error); committed shards are safe, the others wait in the "
                    + "spool: check the disk, then start again", .system)
        }
    }

    /// The error of a store that can't be used, with the remedy.
    package init(_ error: StoreError, folder: String) {
        switch error {
        case .settingDiffers(let name, let stored, let wanted):
            self.init(
                "the store in \(folder) was made with \(name) \(stored), and the settings have \(name) \(wanted); "
                    + "start with \(name) \(stored), or "
                    + (name == "capacity" ? "run nnnd rebuild" : "drop the shards into a new data folder"),
                .configuration)
        case .kBeyondCapacity(let k, let capacity):
            self.init(
                "k is \(k), and heaps hold \(capacity); k must be at most the capacity, which nnnd rebuild enlarges",
                .configuration)
        case .missing:
            self.init("there is no store in \(folder)", .configuration)
        case .olderFormat(let found, let expected):
            self.init(
                "the store in \(folder) has format \(found), and this version of nnnd reads format \(expected); run "
                    + "nnnd rebuild, which converts it (back it up first)", .configuration)
        case .unknownFormat(let found, let expected):
            self.init(
                "the store in \(folder) has format \(found), and this version of nnnd reads format \(expected); "
                    + "use the version that made it, or drop the shards into a new data folder", .configuration)
        case .notAStore:
            self.init("the data in \(folder) is not a store of nnnd; set another data folder", .configuration)
        case .damaged(let problem):
            self.init("the store in \(folder) is damaged: \(problem); restore a backup", .data)
        case .noAddressSpace(let mapSize):
            self.init(
                "there is no address space of \(mapSize) bytes for the data file in \(folder) (ulimit -v, LimitAS= or a "
                    + "container limits it); set map-size to a smaller size that the store still fits into, for "
                    + "example 64GiB", .configuration)
        case .removed:
            self.init(
                "the data file in \(folder) was removed, moved or replaced while nnnd ran, so nothing can be committed "
                    + "any more; put it back or restore a backup, then drop the shards again that are newer",
                .missingStore)
        case .inUse:
            self.init("the store in \(folder) is in use by another process; stop that one first", .unavailable)
        }
    }

    /// Runs `body`, which opens or changes the store in `folder`, and turns its errors into ``StartupError``.
    ///
    /// - Parameters:
    ///   - folder: the folder of the store.
    ///   - failure: what fails, for the message: `can't be opened`.
    ///   - body: opens or changes the store.
    /// - Throws: ``StartupError`` for each error of the store or the system, and other errors as they are.
    package static func mappingStoreErrors<R>(
        in folder: String, failure: String, _ body: () throws -> R
    ) throws -> R {
        do {
            return try body()
        } catch let error as StoreError {
            throw StartupError(error, folder: folder)
        } catch let error as any StoreFailure {
            if error.isDamage { throw StartupError(.damaged("\(error)"), folder: folder) }
            throw StartupError("the store in \(folder) \(failure): \(error)", .system)
        } catch let error as SystemError {
            throw StartupError("\(error)", .system)
        }
    }
}
