import DaemonSupport
import Foundation
import PosixSupport
import Testing

/// Messages to systemd.
@Suite struct NotifySocketTests {
    @Test(arguments: ["@nnnd-\(UUID())", "/tmp/nnnd-\(UUID())"]) func aMessageReachesTheManager(name: String)
        async throws
    {
        let manager = try Manager(name)
        let socket = try NotifySocket(environment: ["NOTIFY_SOCKET": name])
        #expect(socket.hasServiceManager)
        socket.send("READY=1")
        #expect(await manager.receive() == "READY=1")
        socket.send("STOPPING=1", "STATUS=Stopping.")
        #expect(await manager.receive() == "STOPPING=1\nSTATUS=Stopping.")
    }

    @Test func withoutAManagerNothingIsSent() throws {
        for environment in [[:], ["NOTIFY_SOCKET": ""]] {
            let socket = try NotifySocket(environment: environment)
            #expect(!socket.hasServiceManager)
            socket.send("READY=1")
        }
    }

    @Test func aManagerThatIsGoneDoesNoHarm() throws {
        let socket = try NotifySocket(environment: ["NOTIFY_SOCKET": "/nowhere/notify"])
        #expect(socket.hasServiceManager)
        socket.send("READY=1")
    }

    @Test(arguments: ["notify", "vsock:2:1234", "/" + String(repeating: "n", count: 107)])
    func aNameThatCanNotBeASocketIsAnError(name: String) {
        #expect(throws: StartupError.self) { try NotifySocket(environment: ["NOTIFY_SOCKET": name]) }
    }
}
