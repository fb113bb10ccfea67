//! Titles, summaries and contents.

use super::*;

#[test]
fn texts_keep_their_markup_and_say_what_they_are() {
    let cases = [
        ("RSS title", item("<title>a &amp;amp; b</title>").title, "unknown: a &amp; b"),
        ("RSS title with markup", item("<title>a <em>b</em></title>").title, "html: a <em>b</em>"),
        ("escaped HTML", item("<description>&lt;p&gt;a&lt;/p&gt;</description>").summary, "unknown: <p>a</p>"),
        ("HTML in CDATA", item("<description><![CDATA[<p>a &amp; b</p>]]></description>").summary, "unknown: <p>a &amp; b</p>"),
        ("HTML not escaped", item("<description>x<b>y</b> z</description>").summary, "html: x<b>y</b> z"),
        ("HTML not escaped, text kept as text", item("<description>1 &lt; 2 <b>y</b></description>").summary, "html: 1 &lt; 2 <b>y</b>"),
        ("CDATA beside elements", item("<description><![CDATA[<i>a</i>]]><br/>b</description>").summary, "html: <i>a</i><br>b"),
        ("a br never closed", item("<description>a<br>b<br>c</description>").summary, "html: a<br>b<br>c"),
        ("elements closed crosswise", item("<description><b><i>a</b></i> b</description>").summary, "html: <b><i>a</i></b> b"),
        ("an element never closed", item("<description><p>a</description>").summary, "html: <p>a</p>"),
        ("attributes escaped", item("<description><img alt=\"say &quot;hi&quot; onerror=x\"/></description>").summary, "html: <img alt=\"say &quot;hi&quot; onerror=x\">"),
        ("CDATA that was split", item("<description><![CDATA[a]]]]><![CDATA[>b]]></description>").summary, "unknown: a]]>b"),
        ("content:encoded", item("<content:encoded><![CDATA[<p>a</p>]]></content:encoded>").content, "html: <p>a</p>"),
        ("xhtml:body", item("<body xmlns='http://www.w3.org/1999/xhtml'><p>a &amp; b</p></body>").content, "html: <p>a &amp; b</p>"),
        ("encoded without prefix", item("<encoded xmlns='http://purl.org/rss/1.0/modules/content/'>a</encoded>").content, "html: a"),
        ("content:encoded beats itself empty", item("<content:encoded/><content:encoded>a</content:encoded>").content, "html: a"),
        ("description beats itunes:summary", item("<itunes:summary>b</itunes:summary><description>a</description>").summary, "unknown: a"),
        ("media:description for want of another", item("<media:description>a</media:description>").summary, "plain: a"),
        ("title beats media:title", item("<media:content url='http://a/'><media:title>b</media:title></media:content><title>a</title>").title, "unknown: a"),
        ("the first of two titles", item("<title>a</title><title>b</title>").title, "unknown: a"),
        ("a blank title", item("<title>  </title>").title, ""),
        ("Atom text", entry("<title>a &lt;b&gt;</title>").title, "plain: a <b>"),
        ("Atom text said so", entry("<title type='text'>a</title>").title, "plain: a"),
        ("Atom text as a medium", entry("<title type='text/plain'>a</title>").title, "plain: a"),
        ("Atom HTML", entry("<title type='html'>a &lt;b&gt;b&lt;/b&gt;</title>").title, "html: a <b>b</b>"),
        ("Atom HTML in capitals", entry("<title type='HTML'>&lt;b&gt;b&lt;/b&gt;</title>").title, "html: <b>b</b>"),
        ("Atom HTML as a medium", entry("<content type='text/html'>&lt;b&gt;b&lt;/b&gt;</content>").content, "html: <b>b</b>"),
        ("Atom XHTML", entry("<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>a &amp; <b>b</b></p></div></content>").content, "html: <p>a &amp; <b>b</b></p>"),
        ("Atom XHTML under a prefix", entry("<content type='xhtml'><h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:p>a</h:p></h:div></content>").content, "html: <p>a</p>"),
        ("Atom XHTML without its div", entry("<content type='xhtml'><p>a</p><div>b</div></content>").content, "html: <p>a</p><div>b</div>"),
        ("Atom XHTML with an entity", entry("<title type='xhtml'><div>a &lt;b&gt;</div></title>").title, "html: a &lt;b&gt;"),
        ("Atom XHTML that came escaped", entry("<content type='xhtml'>&lt;p&gt;a&lt;/p&gt;</content>").content, "html: <p>a</p>"),
        ("Atom XHTML, CDATA is text", entry("<content type='xhtml'><div><![CDATA[<p>]]></div></content>").content, "html: &lt;p&gt;"),
        ("Atom XHTML as a medium", entry("<content type='application/xhtml+xml'><div><p>a</p></div></content>").content, "html: <p>a</p>"),
        ("an empty element is closed", entry("<content type='xhtml'><div><a id='x'/>b<hr/></div></content>").content, "html: <a id=\"x\"></a>b<hr>"),
        ("Atom text with markup", entry("<summary>a <b>b</b></summary>").summary, "html: a <b>b</b>"),
        ("a title of an odd medium", entry("<title type='application/x'>a</title>").title, "unknown: a"),
        ("content elsewhere with text", entry("<content src='http://a/'>a</content>").content, "plain: a"),
        ("content that is a picture", entry("<content type='image/png'>AAAA</content>").content, ""),
        ("an empty picture", entry("<content type='image/png'/>").content, ""),
        ("Atom 0.3 escaped", entry("<content type='text/html' mode='escaped'>&lt;b&gt;b&lt;/b&gt;</content>").content, "html: <b>b</b>"),
        ("Atom 0.3 XML", entry("<content type='text/html' mode='xml'><div><b>b</b></div></content>").content, "html: <b>b</b>"),
        ("Atom 0.3 in base64", entry("<content type='text/plain' mode='base64'>AAAA</content>").content, ""),
        ("an entry inside a content is no entry", entry("<content type='application/xml'><entry><title>b</title></entry></content>").content, "html: <entry><title>b</title></entry>"),
        ("a title of HTML inside a text", item("<description>a <title>b</title></description>").summary, "html: a <title>b</title>"),
        ("content:encoded in RSS 1.0", only(parsed("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' xmlns:content='http://purl.org/rss/1.0/modules/content/'><item><content:encoded>a</content:encoded></item></rdf:RDF>")).content, "html: a"),
    ];
    for (sentence, text, expected) in cases {
        assert_eq!(shown(&text), expected, "{sentence}");
    }
    assert_eq!(shown(&entry("<link href='a'/><content type='image/png' src='http://a/b.png'/>").content), "");
}

#[test]
fn bases_and_languages_in_force() {
    let body = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/blog/' xml:lang='fr'><title>F</title>
        <entry xml:base='2024/' xml:lang='de'><title xml:base='t/'>a</title><summary>b</summary>
          <content type='xhtml' xml:base='c/'><div xml:base='d/'><a href='x'>y</a><p xml:base='../e/'><img src='z'/></p></div></content></entry>
        <entry><content xml:lang='es' type='text'>c</content></entry></feed>";
    let feed = parsed(body);
    assert_eq!((feed.base.as_deref(), feed.language.as_deref()), (Some("/blog/"), Some("fr")));
    let first = &feed.entries[0];
    assert_eq!((first.base.as_deref(), first.language.as_deref()), (Some("http://example.com/blog/2024/"), Some("de")));
    let base = |text: &Option<crate::model::Text>| text.as_ref().and_then(|text| text.base.clone()).unwrap_or_default();
    assert_eq!(base(&first.title), "http://example.com/blog/2024/t/");
    assert_eq!(base(&first.summary), "");
    assert_eq!(base(&first.content), "http://example.com/blog/2024/c/d/");
    assert_eq!(
        shown(&first.content),
        "html: <a href=\"x\">y</a><p><img src=\"http://example.com/blog/2024/c/e/z\"></p>",
        "HTML has no xml:base"
    );
    let second = &feed.entries[1];
    assert_eq!((second.base.as_deref(), second.language.as_deref()), (Some("http://example.com/blog/"), Some("es")));
    assert_eq!(item("<title>a</title>").base, None);
    assert_eq!(parsed(&rss("<language>pt-BR</language>")).language.as_deref(), Some("pt-BR"));
    assert_eq!(parsed(&rss("<dc:language>pt</dc:language>")).language.as_deref(), Some("pt"));
    assert_eq!(item("<dc:language>pt</dc:language>").language.as_deref(), Some("pt"));
}
