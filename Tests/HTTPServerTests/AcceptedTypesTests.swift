import HTTPServer
import Testing

/// `Accept` by RFC 9110, section 12.5.1.
@Suite struct AcceptedTypesTests {
    @Test(arguments: [
        ([], 1000), ([""], 0), (["a/b"], 1000), (["A/B"], 1000), (["a/*"], 1000), (["*/*"], 1000), (["a/c"], 0),
        (["a/b;q=0.5"], 500), (["a/b; Q=0.25 , */*"], 250), (["*/*;q=0.125,a/*;q=0.5"], 500), (["a/b;q=0,*/*"], 0),
        (["a/b;q=1.000"], 1000), (["a/b;q=0."], 0), (["a/b;q=0.001"], 1), (["a/b;x=1;q=0.5;y=\"z\""], 500),
        (["a/b;x=\", a/b;q=0.1,\";q=0.5"], 500), (["x/y", "a/b;q=0.5"], 500), (["a/b;q=0.1, a/b;q=0.2"], 200),
        ([", ,a/b;;q=0.5,"], 500), (["a/b ; q=0.5"], 500),
    ])
    func theMostSpecificRangeDecides(values: [String], quality: Int) {
        #expect(AcceptedTypes(values).quality(of: "a/b") == quality)
    }

    @Test(arguments: [
        "a", "a/", "a b", "a/b;q", "a/b;q=", "a/b;q=2", "a/b;q=1.001", "a/b;q=0.1234", "a/b;q=-1", "a/b;q=x", "a/b c/d",
        "a/b;q=\"", "a/b;x=\"y", "a/b;q=0.5 x", "a/b\"",
    ])
    func aRangeThatBreaksTheGrammarIsIgnored(value: String) {
        #expect(AcceptedTypes([value]).quality(of: "a/b") == 0)
        #expect(AcceptedTypes(["x/y;q=0.5," + value]).quality(of: "x/y") == 500)
        let closed = value.contains("\"") ? "" : value + ","
        #expect(AcceptedTypes([closed + "x/y;q=0.5"]).quality(of: "x/y") == 500)
    }
}
