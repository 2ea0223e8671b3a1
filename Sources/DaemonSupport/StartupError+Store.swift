package import IncrementalBias
package import PosixSupport

extension StartupError {
    /// A commit that failed so that only a new start knows what the store holds.
    package init(ending error: any StoreFailure, folder: String) {
        if error.isDamage {
            self.init(.damaged("\(error)"), folder: folder)
        } else {
            self.init(
                "the store in \(folder) can't be written: \(error); what was committed is safe, and shards wait in the "
                    + "spool: look after the disk, then start again", .system)
        }
    }

    /// A store that can't be opened, and the way out.
    package init(_ error: StoreError, folder: String) {
        switch error {
        case .settingDiffers(let name, let stored, let wanted):
            self.init(
                "the store in \(folder) was made with \(name) \(stored), and \(name) \(wanted) is asked for; "
                    + "start with \(name) \(stored), or "
                    + (name == "capacity" ? "run nnnd rebuild" : "drop the shards into a new data folder"),
                .configuration)
        case .kBeyondCapacity(let k, let capacity):
            self.init(
                "k is \(k), and heaps hold \(capacity); k must be at most the capacity: nnnd rebuild makes them larger",
                .configuration)
        case .missing:
            self.init("there is no store in \(folder)", .configuration)
        case .unknownFormat(let found, let expected):
            self.init(
                "the store in \(folder) has format \(found), and this version of nnnd knows format \(expected); "
                    + "use the version that made it, or drop the shards into a new data folder", .configuration)
        case .notAStore:
            self.init("the data in \(folder) is not a store of nnnd; set another data folder", .configuration)
        case .damaged(let what):
            self.init("the store in \(folder) is damaged: \(what); restore a copy of it", .data)
        case .inUse:
            self.init("the store in \(folder) is in use by another process; stop that one first", .unavailable)
        }
    }

    /// Runs what opens or changes the store in `folder`.
    ///
    /// - Parameter done: what is done to the store, where that fails for want of room, say.
    /// - Throws: ``StartupError`` for all that can be wrong with a store, and other errors as they are.
    package static func forStore<R>(in folder: String, done: String, _ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as StoreError {
            throw StartupError(error, folder: folder)
        } catch let error as any StoreFailure {
            if error.isDamage { throw StartupError(.damaged("\(error)"), folder: folder) }
            throw StartupError("the store in \(folder) can't be \(done): \(error)", .system)
        } catch let error as SystemError {
            throw StartupError("\(error)", .system)
        }
    }
}
