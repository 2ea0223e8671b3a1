import HTTPServer
import Testing

/// Media types by the grammar of RFC 9110, section 8.3.1.
@Suite struct ContentTypeTests {
    @Test(arguments: [
        "", ";charset=utf-8", "; charset=utf-8", " ;\tcharset=utf-8 ", #";a="b""#, #"; a="b;c, \"d\\" ;e=f"#, ";",
        "; ;",
        ";;a=b;", #";a="""#, ";a=!#$%&'*+-.^_`|~0", ";a=\"\tgröße\"",
    ])
    func theNameIsReadWithAnyParametersAfterIt(parameters: String) {
        #expect(ContentType("Application/JSON" + parameters)?.name == "application/json")
        #expect(ContentType(" text/x-a+b.c" + parameters)?.name == "text/x-a+b.c")
    }

    @Test(arguments: [
        "", " ", "json", "application", "application/", "/json", "a/b/c", "a b", "a/b c", "a /b", "a/ b", "a/b, c/d",
        "a/b;c", "a/b;c=", "a/b;=d", "a/b;c =d", "a/b;c= d", #"a/b;c="d"#, #"a/b;c="d"e"#, #"a/b;c="d\"#, "a/b;c=d e",
        "a/b;c=\"\u{7F}\"", "a/b;c=\"\n\"", "@/b", "ä/b", "a/\"b\"", "a/b;c=d,e=f",
    ])
    func whatIsNoMediaTypeIsNil(text: String) {
        #expect(ContentType(text) == nil)
    }
}
