//! HTML or plain text -> blocks of text. Markup and attribute values never get in: a word is matched only where a reader
//! sees it.

use std::cell::RefCell;

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states::RawKind,
    },
};

use super::fold::tidy;

/// A paragraph, a heading, a line: text that stands on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub kind: BlockKind,
    /// NFC, white space collapsed, never empty.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    Paragraph,
    Heading,
    ListItem,
    Caption,
    TableRow,
}

/// The blocks of an HTML fragment, in document order.
///
/// `script`, `style`, `nav`, `aside`, `footer`, forms and their like are left out with everything in them. `<br>` ends a
/// block as a paragraph does, since publishers write whole articles with it. Text with no such element at all is plain text,
/// and its lines are blocks: publishers put it where HTML is expected. One pass of the tokenizer, linear in the
/// fragment's length whatever its nesting.
pub fn blocks_of_html(html: &str) -> Vec<Block> {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // The sink never asks for a script to be run, so the tokenizer reads to the end in one go.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut builder = tokenizer.sink.builder.into_inner();
    if !builder.structured {
        return blocks_of_plain_text(&builder.open);
    }
    builder.finish_block();
    builder.blocks
}

/// The blocks of plain text: its lines, where lines that were only wrapped to a width are joined again.
pub fn blocks_of_plain_text(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut previous_is_open = false;
    for line in text.lines() {
        let line = tidy(line);
        if line.is_empty() {
            previous_is_open = false;
            continue;
        }
        let continues = previous_is_open && line.starts_with(|first: char| first.is_lowercase());
        let length = line.chars().count();
        previous_is_open = (40..=120).contains(&length) && !line.ends_with(['.', '!', '?', ':', '…', '"', '»', '”']);
        match blocks.last_mut() {
            Some(last) if continues => {
                last.text.push(' ');
                last.text.push_str(&line);
            }
            _ => blocks.push(Block { kind: BlockKind::Paragraph, text: line }),
        }
    }
    blocks
}

#[derive(Default)]
struct Sink {
    builder: RefCell<Builder>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut builder = self.builder.borrow_mut();
        match token {
            Token::CharacterTokens(text) => builder.text(&text),
            Token::TagToken(tag) => return builder.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Builder {
    blocks: Vec<Block>,
    open: String,
    kind: Option<BlockKind>,
    /// An element has divided the text into blocks.
    structured: bool,
    /// The element being left out, and how many of its name are open.
    skipped: Option<(String, usize)>,
}

impl Builder {
    fn text(&mut self, text: &str) {
        if self.skipped.is_none() {
            self.open.push_str(text);
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        let starts = tag.kind == TagKind::StartTag;
        if let Some((skipped, depth)) = &mut self.skipped {
            if name == skipped {
                *depth = if starts { *depth + 1 } else { *depth - 1 };
                if *depth == 0 {
                    self.skipped = None;
                    self.finish_block();
                }
            }
        } else if is_left_out(name) {
            self.finish_block();
            if starts && !tag.self_closing {
                self.skipped = Some((name.to_owned(), 1));
            }
        } else if name == "br" || name == "hr" {
            let kind = self.kind;
            self.finish_block();
            self.kind = kind;
        } else if let Some(kind) = block_kind(name) {
            self.finish_block();
            self.kind = starts.then_some(kind);
        } else if matches!(name, "td" | "th" | "option" | "img") {
            self.open.push(' ');
        }
        match name {
            _ if !starts || tag.self_closing => TokenSinkResult::Continue,
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "noscript" | "iframe" | "xmp" | "noembed" | "noframes" => {
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            "textarea" | "title" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    fn finish_block(&mut self) {
        self.structured = true;
        let text = tidy(&self.open);
        self.open.clear();
        let kind = self.kind.take().unwrap_or(BlockKind::Paragraph);
        if !text.is_empty() {
            self.blocks.push(Block { kind, text });
        }
    }
}

/// Elements whose content is not the story's text.
fn is_left_out(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "noscript"
            | "template"
            | "nav"
            | "aside"
            | "footer"
            | "form"
            | "button"
            | "select"
            | "textarea"
            | "head"
            | "title"
            | "iframe"
            | "object"
            | "audio"
            | "video"
            | "canvas"
            | "svg"
            | "math"
            | "noembed"
            | "noframes"
            | "dialog"
    )
}

fn block_kind(name: &str) -> Option<BlockKind> {
    Some(match name {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => BlockKind::Heading,
        "li" | "dt" | "dd" => BlockKind::ListItem,
        "figcaption" | "caption" => BlockKind::Caption,
        "tr" => BlockKind::TableRow,
        "p" | "div" | "section" | "article" | "main" | "header" | "blockquote" | "pre" | "ul" | "ol" | "dl"
        | "table" | "tbody" | "thead" | "tfoot" | "figure" | "address" | "details" | "summary" | "center"
        | "hgroup" | "body" | "html" | "menu" | "search" | "fieldset" => BlockKind::Paragraph,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(html: &str) -> Vec<String> {
        blocks_of_html(html).into_iter().map(|block| block.text).collect()
    }

    #[test]
    fn reads_what_a_reader_sees() {
        for (what, html, expected) in [
            ("paragraphs", "<p>One <b>two</b>.</p><p>Three</p>", &["One two.", "Three"][..]),
            ("text without markup", "One two", &["One two"]),
            ("plain text in lines", "One <b>two</b>\n\nThree &amp; four\n", &["One two", "Three & four"]),
            ("line breaks in the source only", "<p>One\ntwo</p>", &["One two"]),
            ("line breaks", "One<br>Two<br/><br/>Three", &["One", "Two", "Three"]),
            ("inline elements do not split words", "<p>Super<em>cloud</em>s</p>", &["Superclouds"]),
            ("attributes", r#"<p class="center"><img alt="Trump" title="Ukraine" src="a.jpg">Cloud</p>"#, &["Cloud"]),
            ("entities", "<p>AT&amp;T &eacute;t&eacute;&nbsp;5G &lt;b&gt;</p>", &["AT&T été 5G <b>"]),
            ("table cells", "<table><tr><td>One</td><td>2</td></tr></table>", &["One 2"]),
            ("script", "<p>a</p><script>var b = '<p>c</p>'</script><style>p{}</style><p>d</p>", &["a", "d"]),
            ("nested navigation", "a<nav><ul><li>b<nav>c</nav></ul>d</nav>e", &["a", "e"]),
            ("stray end tags", "a</nav>b</p></div>c", &["a", "b", "c"]),
            ("a footer that is never closed", "<p>a</p><footer>b<p>c", &["a"]),
            ("comments", "a<!-- b --> c", &["a c"]),
            ("broken markup", "a <b <c>d", &["a d"]),
        ] {
            assert_eq!(texts(html), expected, "{what}");
        }
    }

    #[test]
    fn knows_what_kind_of_block_it_is() {
        let html = "<h2>A</h2><ul><li>B<li>C</ul><figure><img><figcaption>D</figcaption></figure>E";
        let kinds: Vec<_> = blocks_of_html(html).into_iter().map(|block| block.kind).collect();
        use BlockKind::*;
        assert_eq!(kinds, [Heading, ListItem, ListItem, Caption, Paragraph]);
    }

    #[test]
    fn deep_nesting_costs_no_more_than_its_length() {
        let html = "<div>".repeat(100_000) + "deep";
        assert_eq!(texts(&html), ["deep"]);
    }

    #[test]
    fn joins_lines_that_were_wrapped_to_a_width() {
        let wrapped =
            "The ministry said on Monday that the new data\ncentre would open in May.\nShort line\nanother\n\nand more";
        let lines: Vec<_> = blocks_of_plain_text(wrapped).into_iter().map(|block| block.text).collect();
        let first = "The ministry said on Monday that the new data centre would open in May.";
        assert_eq!(lines, [first, "Short line", "another", "and more"]);
    }

    proptest! {
        #[test]
        fn any_bytes_give_tidy_blocks(html in "(<[a-z/]{0,8}[ =\"'a-z]{0,6}>?|[a-z&;#0-9]{0,6}|\\PC{0,4}){0,20}") {
            for block in blocks_of_html(&html) {
                prop_assert!(!block.text.is_empty());
                prop_assert_eq!(tidy(&block.text), block.text);
            }
        }
    }
}
