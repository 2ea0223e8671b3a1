internal import FoundationEssentials

/// The memory that the process can use.
package enum MemoryLimit {
    /// The memory of the machine, or the lowest limit of a control group around the process, in bytes.
    package static var bytes: Int {
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        guard let groups = read("/proc/self/cgroup") else { return machine }
        return min(machine, ofGroups(groups, read: read) ?? .max)
    }

    /// The lowest limit of some control groups and their parents; `nil` where none has a limit.
    ///
    /// - Parameters:
    ///   - groups: the text of `/proc/self/cgroup`, see cgroups(7): `0::/system.slice/nnnd.service` in version 2,
    ///     `5:memory:/system.slice/nnnd.service` in version 1.
    ///   - read: returns the text of a file, or `nil`.
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
