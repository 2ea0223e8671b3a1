/// The style sheet of the page, for light and dark screens, narrow ones, and paper.
///
/// Colours are from Okabe and Ito (blue against orange) and the map cividis, which people with colour blindness can tell
/// apart; series also differ in their lines and markers. The class `before` has the colour of results without NNN. The
/// class `after` has that of results with NNN, and of whatever else a picture is mainly about; `other` has that of what
/// it is compared with.
enum PageStyle {
    static let markup = Markup.style(
        """
        :root {
          color-scheme: light dark;
          --page: #fbfbf9; --panel: #ffffff; --ink: #1c2126; --muted: #55606b; --line: #d3d8de; --grid: #e6e9ed;
          --before: #b34700; --after: #00609c; --other: #6a5a86;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #14171a; --panel: #1b1f24; --ink: #e7e9eb; --muted: #a6b0ba; --line: #3a414a; --grid: #2a3037;
            --before: #f0a04b; --after: #6fbaf2; --other: #b9a8d8;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 2.5rem 1rem 3rem; max-width: 56rem; background: var(--page); color: var(--ink);
          font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
          overflow-wrap: break-word;
        }
        h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem; font-weight: 650; }
        h2 { font-size: 1.25rem; line-height: 1.3; margin: 0 0 .5rem; font-weight: 650; }
        p { margin: 0 0 .6rem; max-width: 42rem; }
        .verdict { font-size: 1.125rem; }
        .meaning, .note, .basis, footer { color: var(--muted); }
        .note, .basis, footer, summary { font-size: .875rem; }
        section { margin-top: 2.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
        footer { margin-top: 3rem; }
        .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; margin: 1.5rem 0 1rem; }
        .facts div { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem; }
        .facts dt { color: var(--muted); font-size: .875rem; line-height: 1.35; }
        .facts dd { margin: .15rem 0 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 23rem), 1fr)); gap: 1rem; }
        .figures > :only-child { max-width: 27.5rem; }
        @media (min-width: 52rem) {
          .beside { display: grid; grid-template-columns: minmax(0, 1fr) 26.5rem; gap: 0 2rem; }
          .beside > .figures { margin-top: -.75rem; }
        }
        figure {
          margin: .75rem 0 0; padding: .9rem; background: var(--panel); border: 1px solid var(--line);
          border-radius: .4rem; min-width: 0;
        }
        figcaption { font-weight: 600; margin-bottom: .6rem; line-height: 1.35; }
        svg { display: block; width: 100%; height: auto; margin-bottom: .6rem; }
        svg text { font-size: 12px; fill: var(--ink); font-variant-numeric: tabular-nums; }
        svg .axis-title { fill: var(--muted); }
        svg .strong { font-weight: 600; paint-order: stroke; stroke: var(--panel); stroke-width: 4px; stroke-linejoin: round; }
        .axis { stroke: var(--muted); stroke-width: 1; }
        .grid { stroke: var(--grid); stroke-width: 1; }
        .zero { stroke: var(--muted); stroke-width: 1.5; }
        .threshold { stroke: var(--before); stroke-width: 1.5; stroke-dasharray: 5 3; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        .line.before { stroke-dasharray: 6 3; }
        .line.even { stroke: var(--muted); stroke-width: 1.25; stroke-dasharray: 1.5 3; }
        .before { stroke: var(--before); }
        .after { stroke: var(--after); }
        .other { stroke: var(--other); }
        .dot { fill: var(--panel); stroke-width: 1.75; }
        .dot.after { fill: var(--after); }
        .dot.full.other { fill: var(--other); }
        .whisker { stroke-width: 3; stroke-linecap: round; opacity: .6; }
        .whisker.thin { stroke-width: 1.5; opacity: 1; }
        .box { stroke-width: 10; opacity: .35; }
        .bar { fill: var(--after); }
        .heat0 { fill: #00224e; } .heat1 { fill: #17356c; } .heat2 { fill: #3a486b; } .heat3 { fill: #555b6c; }
        .heat4 { fill: #6c6e72; } .heat5 { fill: #848178; } .heat6 { fill: #9d9676; } .heat7 { fill: #bcad6c; }
        .heat8 { fill: #dac659; } .heat9 { fill: #fee838; }
        .near { fill: #ffffff; stroke: #000000; stroke-width: 1; }
        .mark { fill: none; }
        .mark.under { stroke: #ffffff; stroke-width: 4.5; }
        .mark.over { stroke: #000000; stroke-width: 2; }
        summary { cursor: pointer; color: var(--muted); width: fit-content; }
        summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--after); outline-offset: 2px; }
        .scroll { overflow-x: auto; margin-top: .75rem; }
        table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--muted); padding-bottom: .35rem; }
        th, td { padding: .25rem .65rem; border-bottom: 1px solid var(--grid); text-align: right; white-space: nowrap; }
        th { font-weight: 600; }
        thead th { white-space: normal; vertical-align: bottom; min-width: 3.5rem; }
        th:first-child { text-align: left; padding-left: 0; }
        .hubs {
          display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.25rem 2.5rem;
          padding-left: 1.75rem; margin: 1.25rem 0 0;
        }
        .hubs p { margin-bottom: .25rem; }
        .hubs .text { font-weight: 600; }
        .references .text { font-weight: 400; }
        .references { list-style: none; margin: 0; padding: 0; font-size: .875rem; }
        .references li { display: inline; }
        .references li:not(:last-child)::after { content: ", "; }
        .number { font-variant-numeric: tabular-nums; }
        code { font: .8125rem/1.4 ui-monospace, "DejaVu Sans Mono", monospace; color: var(--muted); overflow-wrap: anywhere; }
        .words dt { font-weight: 600; }
        .words dd { margin: 0 0 .5rem; max-width: 42rem; color: var(--muted); }
        .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        @media print {
          :root {
            color-scheme: light;
            --page: #ffffff; --panel: #ffffff; --ink: #000000; --muted: #444444; --line: #bbbbbb; --grid: #dddddd;
            --before: #b34700; --after: #00609c; --other: #6a5a86;
          }
          body { padding: 0; max-width: none; font-size: 10.5pt; }
          section { margin-top: 1.25rem; padding-top: 1rem; }
          svg, tr, .hubs li, .facts div, section > :first-child { break-inside: avoid; }
          h2, figcaption, section > :first-child:not(:last-child) { break-after: avoid; }
          .figures > :only-child { max-width: none; }
          svg { max-width: 25rem; }
          summary { display: none; }
          details::details-content { content-visibility: visible; display: block; block-size: auto; }
          .scroll { overflow: visible; }
          table { font-size: 8pt; }
          table.medium { font-size: 7pt; }
          table.wide { font-size: 6pt; }
          th, td { padding: .1rem .4rem; }
          .wide th, .wide td { padding: .1rem .2rem; min-width: 0; }
        }
        """)
}
