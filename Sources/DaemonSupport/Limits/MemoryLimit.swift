internal import FoundationEssentials

/// How much memory the process can use.
package enum MemoryLimit {
    /// The smaller of the machine's memory and the lowest memory limit of the process's control groups, in bytes.
    package static var bytes: Int {
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        guard let groups = read("/proc/self/cgroup") else { return machine }
        return min(machine, ofGroups(groups, read: read) ?? .max)
    }

    /// The lowest memory limit of control groups and all their parents, in bytes; `nil` if none has a limit.
    ///
    /// - Parameters:
    ///   - groups: the text of `/proc/self/cgroup`, see cgroups(7): `0::/system.slice/nnnd.service` in version 2,
    ///     `5:memory:/system.slice/nnnd.service` in version 1.
    ///   - read: returns the text of the file at `path`, or `nil` if it can't be read.
    package static func ofGroups(_ groups: String, read: (_ path: String) -> String?) -> Int? {
        var limits: [Int] = []
        for line in groups.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let (root, file): (String, String)
            switch parts[1] {
            case "": (root, file) = ("/sys/fs/cgroup", "memory.max")
            case "memory": (root, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            default: continue
            }
            var names = parts[2].split(separator: "/")
            while true {
                let path = ([root] + names.map(String.init) + [file]).joined(separator: "/")
                // The text "max" is not a number.
                if let limit = read(path).flatMap({ Int($0.filter { !$0.isWhitespace }) }) { limits.append(limit) }
                if names.popLast() == nil { break }
            }
        }
        return limits.min()
    }

    private static func read(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
