/// A picture with two axes, 380 units wide: as wide as a telephone, so that its text can be read there.
struct Chart {
    /// The width of all pictures, in units of the picture.
    static let width = 380.0

    /// One mark on an axis.
    struct Tick {
        let position: Double
        let label: String
    }

    /// The height of the picture, in units.
    let height: Double
    /// The left and right ends of the area between the axes.
    let horizontal: ClosedRange<Double>
    /// The upper and lower ends of the area between the axes.
    let vertical: ClosedRange<Double>

    /// - Parameters:
    ///   - height: the height of the whole picture.
    ///   - left: the space for the labels of the vertical axis.
    ///   - top: the space above the axes, for a legend.
    ///   - bottom: the space for the labels and the title of the horizontal axis.
    init(height: Double, left: Double = 48, top: Double = 28, bottom: Double = 44) {
        self.height = height
        horizontal = left...Self.width - 12
        vertical = top...height - bottom
    }

    /// The horizontal axis, with a title below it.
    func horizontalAxis(_ ticks: [Tick], title: String) -> [Markup] {
        let bottom = vertical.upperBound
        var parts = [Draw.line(horizontal.lowerBound, bottom, horizontal.upperBound, bottom, style: "axis")]
        for tick in ticks {
            parts.append(Draw.line(tick.position, bottom, tick.position, bottom + 4, style: "axis"))
            parts.append(Draw.text(tick.label, tick.position, bottom + 17, anchor: .middle))
        }
        let middle = (horizontal.lowerBound + horizontal.upperBound) / 2
        return parts + [Draw.text(title, middle, height - 6, anchor: .middle, style: "axis-title")]
    }

    /// The vertical axis, with a line across the picture for each tick and a title above it.
    func verticalAxis(_ ticks: [Tick], title: String) -> [Markup] {
        ticks.flatMap { tick in
            [
                Draw.line(horizontal.lowerBound, tick.position, horizontal.upperBound, tick.position, style: "grid"),
                Draw.text(tick.label, horizontal.lowerBound - 7, tick.position + 4, anchor: .end),
            ]
        } + [Draw.text(title, 2, 12, style: "axis-title")]
    }

    /// The marks of a scale, labelled with plain numbers.
    static func ticks(_ scale: Scale, about count: Int) -> [Tick] {
        let values = scale.ticks(about: count)
        let decimals = scale.isLogarithmic ? 0 : Scale.decimals(of: values)
        return values.map { value in
            let label =
                value >= 1000 ? NumberFormat.count(Int(value)) : NumberFormat.fixed(value, decimals: decimals)
            return Tick(position: scale.position(value), label: label)
        }
    }

    /// The picture as an SVG element with a title and a description for screen readers.
    ///
    /// - Parameter id: a name that no other picture of the page has.
    func svg(id: String, title: String, description: String, _ content: [Markup]) -> Markup {
        .element(
            "svg",
            [
                "viewBox": "0 0 \(Draw.number(Self.width)) \(Draw.number(height))", "role": "img",
                "aria-labelledby": "\(id)-title \(id)-description",
            ],
            [
                .element("title", ["id": "\(id)-title"], text: title),
                .element("desc", ["id": "\(id)-description"], text: description),
            ] + content)
    }
}
