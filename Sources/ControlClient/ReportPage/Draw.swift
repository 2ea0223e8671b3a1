/// Elements of SVG, whose colours and lines come from the classes of ``PageStyle``.
enum Draw {
    /// The end of a text that lies at its position.
    enum Anchor: String {
        case start
        case middle
        case end
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) -> Markup {
        .element(
            "line",
            ["x1": number(x1), "y1": number(y1), "x2": number(x2), "y2": number(y2), "class": style])
    }

    static func text(_ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, style: String = "label")
        -> Markup
    {
        .element(
            "text", ["x": number(x), "y": number(y), "text-anchor": anchor.rawValue, "class": style], text: text)
    }

    static func rectangle(_ x: Double, _ y: Double, width: Double, height: Double, style: String) -> Markup {
        .element(
            "rect",
            [
                "x": number(x), "y": number(y), "width": number(width), "height": number(height), "class": style,
            ])
    }

    static func circle(_ x: Double, _ y: Double, radius: Double, style: String) -> Markup {
        .element("circle", ["cx": number(x), "cy": number(y), "r": number(radius), "class": style])
    }

    /// A line through points.
    static func path(_ points: [(x: Double, y: Double)], style: String) -> Markup {
        let steps = points.enumerated().map { "\($0 == 0 ? "M" : "L")\(number($1.x)) \(number($1.y))" }
        return .element("path", ["d": steps.joined(), "class": style])
    }

    /// A coordinate, to a tenth of a unit.
    static func number(_ value: Double) -> String {
        let text = NumberFormat.fixed(value, decimals: 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
