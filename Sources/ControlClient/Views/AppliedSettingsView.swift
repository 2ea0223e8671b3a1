package import WireAPI

/// Says which k and alpha a daemon uses after a change: `nnnctl tune --apply`.
package struct AppliedSettingsView {
    private let settings: SettingsReport

    package init(_ settings: SettingsReport) {
        self.settings = settings
    }

    /// A message with the values, and one for each value that the daemon does not keep.
    package var messages: [String] {
        let values = "k is \(settings.k) and alpha is \(NumberFormat.short(settings.alpha)) from now on"
        return [values]
            + settings.setBy.sorted { $0.key < $1.key }.map { name, origin in
                "until the next reload or start only: \(origin) sets another \(name); change it there too"
            }
    }
}
