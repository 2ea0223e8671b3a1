import Foundation
import PosixSupport
import Testing

@Suite struct FileLockTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { "\(folder.path)/lock" }

    /// Whether the lock can be acquired now.
    ///
    /// It is released at once.
    private func isFree() throws -> Bool {
        let lock = try FileLock.tryLock(path)
        return lock != nil
    }

    @Test func oneDescriptorHoldsTheLockAtATime() throws {
        do {
            guard let first = try FileLock.tryLock(path) else {
                Issue.record("a new lock is held")
                return
            }
            #expect(try !isFree())
            extendLifetime(first)
        }
        #expect(try isFree())
        #expect(try folder.mode("lock") == 0o600)
    }

    @Test func aLinkIsNotFollowed() throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "elsewhere")
        #expect(throws: SystemError.self) { _ = try FileLock.tryLock(path) }
        #expect(folder.names == ["lock"])
    }

    @Test func aFolderIsLockedByOneThreadAtATime() async throws {
        let (path, counter) = (folder.path, Counter())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<200 {
                        let lock = try FileLock(waitingFor: path)
                        counter.addSlowly()
                        extendLifetime(lock)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counter.value == 800)
    }

    @Test func aMissingFolderIsAnError() {
        #expect(throws: SystemError.self) { _ = try FileLock(waitingFor: "\(path)/missing") }
    }
}

/// A counter that loses additions if two threads add at the same time.
private final class Counter: @unchecked Sendable {
    // Unchecked: the file lock that is tested protects it.
    private(set) var value = 0

    func addSlowly() {
        let before = value
        sched_yield()
        value = before + 1
    }
}
