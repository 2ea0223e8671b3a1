/// A piece of HTML or SVG, well-formed as XML too; all text and attribute values in it are escaped.
struct Markup {
    /// The text of the piece.
    let source: String

    private init(source: String) {
        self.source = source
    }

    /// Text; control characters are shown as escape sequences.
    static func text(_ text: String) -> Markup {
        Markup(source: escaped(text))
    }

    /// An element with attributes and children.
    static func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Markup] = [])
        -> Markup
    {
        let list = attributes.map { " \($0)=\"\(escaped($1))\"" }.joined()
        if voidElements.contains(name) { return Markup(source: "<\(name)\(list)/>") }
        let content = children.map(\.source).joined()
        return Markup(source: "<\(name)\(list)>\(content)</\(name)>\(blocks.contains(name) ? "\n" : "")")
    }

    /// An element that has only text.
    static func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String) -> Markup {
        element(name, attributes, [.text(text)])
    }

    /// A style element with a constant style sheet, which must not contain `<` or `&`.
    static func style(_ sheet: StaticString) -> Markup {
        Markup(source: "<style>\n\(sheet)\n</style>\n")
    }

    /// Elements of HTML that have no end tag.
    private static let voidElements: Set<String> = ["meta"]
    /// Elements after which a line ends, so that the file can be read.
    private static let blocks: Set<String> = [
        "caption", "details", "div", "dl", "dd", "figure", "footer", "h1", "h2", "h3", "head", "header", "li", "main",
        "ol", "p", "section", "summary", "svg", "table", "tbody", "thead", "title", "tr", "ul",
    ]

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.printable.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
