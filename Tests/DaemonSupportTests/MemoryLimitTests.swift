import DaemonSupport
import Testing

@Suite struct MemoryLimitTests {
    private func limit(_ groups: String, _ files: [String: String]) -> Int? {
        MemoryLimit.ofGroups(groups) { files[$0] }
    }

    @Test func aServiceHasTheLimitOfItsGroup() {
        #expect(
            limit(
                "0::/system.slice/nnnd.service\n",
                ["/sys/fs/cgroup/system.slice/nnnd.service/memory.max": "536870912\n"]) == 536_870_912)
    }

    @Test func aGroupAroundItMayAllowLess() {
        let files = [
            "/sys/fs/cgroup/system.slice/nnnd.service/memory.max": "4096\n",
            "/sys/fs/cgroup/system.slice/memory.max": "1024\n", "/sys/fs/cgroup/memory.max": "max\n",
        ]
        #expect(limit("0::/system.slice/nnnd.service\n", files) == 1024)
    }

    @Test func groupsOfVersion1HaveAHierarchyForMemory() {
        let groups = "7:cpu,cpuacct:/a\n5:memory:/b\n1:name=systemd:/c\n0::/\n"
        let files = [
            "/sys/fs/cgroup/memory/b/memory.limit_in_bytes": "2048\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ]
        #expect(limit(groups, files) == 2048)
    }

    @Test func withoutALimitThereIsNone() {
        #expect(limit("0::/user.slice\n", ["/sys/fs/cgroup/user.slice/memory.max": "max\n"]) == nil)
        #expect(limit("", [:]) == nil)
        #expect(limit("nonsense\n", [:]) == nil)
    }

    @Test func theMachineHasMemory() {
        #expect(MemoryLimit.bytes > 1 << 20)
    }
}
