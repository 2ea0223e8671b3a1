import Foundation
import PosixSupport
import ShardFormats
import SpoolProtocol
import Testing

@Suite struct SpoolFoldersTests {
    private let root: String
    private let folders: SpoolFolders

    init() {
        root = FileManager.default.temporaryDirectory.appending(path: "nnnd-test-\(UUID().uuidString)").path()
        folders = SpoolFolders(root: root)
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test func foldersAreCreatedWithTheirPermissionsAlsoAfterDeletion() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        for _ in 0..<2 {
            try folders.make()
            for role in VectorRole.allCases {
                #expect(try mode(folders.incoming(role)) == 0o770)
                #expect(try mode(folders.processing(role)) == 0o700)
                for destination in SpoolFolders.Destination.allCases {
                    #expect(try mode(folders.destination(destination, role)) == 0o750)
                    #expect(try mode(folders.leaving(destination, role)) == 0o700)
                }
                try FileManager.default.removeItem(atPath: folders.incoming(role))
            }
            #expect(try mode("\(root)/processing") == 0o700)
        }
    }

    @Test func allFoldersAreDifferent() {
        let all = VectorRole.allCases.flatMap { role in
            [folders.incoming(role), folders.processing(role), folders.done(role), folders.failed(role)]
                + SpoolFolders.Destination.allCases.map { folders.leaving($0, role) }
        }
        #expect(Set(all).count == all.count)
        #expect(Set([folders.lock, folders.claimLog]).count == 2)
    }
}
