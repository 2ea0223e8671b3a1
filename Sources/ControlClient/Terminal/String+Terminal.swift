extension String {
    /// The text on one line, with control characters escaped.
    ///
    /// Line ends and tabs between words, however many, become one space; those at the ends of the text are removed.
    package var onOneLine: String {
        split { $0.isNewline || $0 == "\t" }.joined(separator: " ").printable
    }

    /// The text with control characters escaped, so that a name or an id can't send commands to the terminal.
    package var printable: String {
        guard unicodeScalars.contains(where: Self.isControl) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if Self.isControl(scalar) {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The number of columns that the text takes on a terminal; East Asian wide characters and emoji take 2.
    ///
    /// Escape sequences of colours take none.
    package var terminalWidth: Int {
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return utf8.count }
        var width = 0
        var isEscape = false
        for character in self {
            if isEscape {
                isEscape = character != "m"
            } else if character == "\u{1b}" {
                isEscape = true
            } else {
                width += character.unicodeScalars.contains(where: Self.isWide) ? 2 : 1
            }
        }
        return width
    }

    /// Whether a scalar is a control character, a line separator, or a mark that changes the direction of text.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        default: false
        }
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
            0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            true
        default: false
        }
    }
}
