internal import IncrementalBias
internal import Logging

extension IngestPipeline {
    /// Takes one step towards better codes, or better cells.
    ///
    /// A fault of the system does not hold up shards or searches: the step is tried again after ``faultPause``.
    ///
    /// - Returns: whether a step was taken; another may be needed then.
    mutating func improve(_ summary: inout Summary) throws -> Bool {
        let now = context.clock().uptime
        if let due = improvementDue, due > now {
            summary.lookAgain(within: due - now)
            return false
        }
        do {
            let hasImproved = try context.corpus.recode() || improveCells()
            improvementDue = nil
            return hasImproved
        } catch let error where error.isRetryable {
            // Later faults are logged only at the level `debug`.
            context.logger.log(
                level: improvementDue == nil ? .error : .debug, "codes and cells wait to be made anew",
                metadata: ["reason": "\(error)"])
            improvementDue = now + Self.faultPause
            summary.lookAgain(within: Self.faultPause)
            return false
        }
    }

    /// Takes one step towards better cells.
    private func improveCells() throws -> Bool {
        guard let change = try context.corpus.improveCells() else { return false }
        switch change {
        case .removed: context.logger.notice("cells removed")
        case .trained(let cells):
            context.logger.notice("cells trained; they are being built", metadata: ["cells": "\(cells)"])
        case .ready(let cells): context.logger.notice("cells ready", metadata: ["cells": "\(cells)"])
        case .split(let cells): context.logger.info("large cells split", metadata: ["cells": "\(cells)"])
        case .assigned(let images):
            context.logger.debug("images assigned to cells", metadata: ["images": "\(images)"])
        case .built: break
        }
        return true
    }
}
